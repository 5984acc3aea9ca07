/**
 * Descriptor chains per second through both halves of a virtqueue, there and back, in one thread,
 * beside the same cycle without any check.
 */
import type { Benchmark, Work } from './benchmark.ts';
import { CheckedRing } from './checked-ring.ts';
import { BUFFER_BYTES, MEMORY_BYTES, SIZE, type RingPair } from './ring-pair.ts';
import { UncheckedPacked } from './unchecked-packed.ts';
import { UncheckedSplit } from './unchecked-split.ts';

const CHAINS = 4096;

export type RingLayout = 'split' | 'packed';

export function ringPair(
  layout: RingLayout,
  checked: boolean,
  buffer: SharedArrayBuffer,
): RingPair {
  if (checked) {
    return new CheckedRing(layout === 'packed', buffer);
  }
  return layout === 'packed' ? new UncheckedPacked(buffer, SIZE) : new UncheckedSplit(buffer, SIZE);
}

function cycles(layout: RingLayout, checked: boolean, batch: number): Work {
  const pair = ringPair(layout, checked, new SharedArrayBuffer(MEMORY_BYTES));
  const expected = CHAINS * BUFFER_BYTES[2];
  return {
    units: CHAINS,
    run: () => {
      let bytes = 0;
      for (let done = 0; done < CHAINS; done += batch) {
        pair.submit(batch);
        pair.serve();
        bytes += pair.collect();
      }
      if (bytes !== expected) {
        throw new Error(`${bytes} bytes came back, not ${expected}.`);
      }
      return bytes;
    },
  };
}

function ring(layout: RingLayout, batch: number): Benchmark {
  return {
    name: `ring.${layout}.${batch}`,
    unit: 'chains/s',
    against: 'the same cycle, unchecked',
    prepare: () => ({
      work: cycles(layout, true, batch),
      reference: cycles(layout, false, batch),
    }),
  };
}

export const ringBenchmarks: readonly Benchmark[] = [
  ring('split', 1),
  ring('split', 64),
  ring('packed', 1),
  ring('packed', 64),
];
