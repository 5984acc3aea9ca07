import { queueBytes } from '@doorbell/abi';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RingRecorder } from '../../src/trace/ring-recorder.ts';

const parts = queueBytes(false, 4);
const total = parts.descriptors + parts.driver + parts.device;
const place = { size: 4, descriptors: 0, driver: 0x1000, device: 0x2000 };

/** A guest whose queue lies so. */
function reader(memory: Uint8Array) {
  const starts: Readonly<Record<number, number>> = {
    0: 0,
    0x1000: parts.descriptors,
    0x2000: parts.descriptors + parts.driver,
  };
  return (address: number, into: Uint8Array): boolean => {
    into.set(memory.subarray(starts[address], starts[address] + into.length));
    return true;
  };
}

describe('the recorder of rings', () => {
  it('has what it takes to have each again, and no more than what changed', () => {
    const memories = fc.array(fc.uint8Array({ minLength: total, maxLength: total }), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(memories, (all) => {
        const recorder = new RingRecorder();
        all.forEach((memory, index) => recorder.kicked(index + 1, 0, place, reader(memory)));
        recorder.kicked(9, 0, place, reader(all[all.length - 1]));
        const seen = new Uint8Array(total);
        recorder.rings.forEach(({ changes }, index) => {
          changes.forEach(({ at, bytes }) => seen.set(bytes, at));
          expect(seen).toEqual(all[Math.min(index, all.length - 1)]);
        });
        expect(recorder.rings.at(-1)?.changes).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('begins anew where a queue is set up elsewhere', () => {
    const recorder = new RingRecorder();
    const memory = new Uint8Array(total).fill(7);
    recorder.kicked(1, 0, { ...place, size: 2 }, (_, into) => into.fill(7) !== undefined);
    recorder.kicked(2, 0, place, reader(memory));
    expect(recorder.rings[1].changes).toEqual([{ at: 0, bytes: memory }]);
  });

  it('has none of a queue that is not there, or of a kick that was not recorded', () => {
    const recorder = new RingRecorder();
    recorder.kicked(1, 0, place, () => false);
    recorder.kicked(0, 0, place, reader(new Uint8Array(total)));
    expect(recorder.rings).toEqual([]);
  });
});
