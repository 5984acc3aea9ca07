/** A queue that another device has used before. */
import { describe, expect, it } from 'vitest';
import { RingError } from '@doorbell/abi';
import { SplitDeviceQueue } from '../../src/ring/split.ts';
import { newChain, newMemory, writeDesc } from './hand-written.ts';

const setup = { size: 4, descriptors: 0, driver: 0x40, device: 0x50 };
const options = { indirect: false, eventIdx: false, inOrder: false };
const AVAIL_IDX = 0x42;
const USED_IDX = 0x52;

describe('a split queue from an index on', () => {
  it.each([3, 0x7fff, 0xffff])('takes and uses what comes from %i on', (first) => {
    const memory = newMemory();
    const next = (first + 1) & 0xffff;
    writeDesc(memory, 16 * 2, 0x2000, 16, 2, 0);
    memory.store16(0x44 + 2 * (first % 4), 2);
    memory.store16(AVAIL_IDX, next);
    memory.store16(USED_IDX, first);
    const queue = new SplitDeviceQueue(memory, setup, options, first);
    const chain = newChain();
    expect(queue.nextIndex).toBe(first);
    expect(queue.next(chain)).toBe(true);
    expect(chain.id).toBe(2);
    expect(queue.nextIndex).toBe(next);
    expect(queue.next(chain)).toBe(false);
    queue.put(2, 16);
    queue.publish();
    expect(memory.load16(USED_IDX)).toBe(next);
    expect(memory.load32(0x54 + 8 * (first % 4))).toBe(2);
  });

  it('is broken when the driver is elsewhere', () => {
    const memory = newMemory();
    const queue = new SplitDeviceQueue(memory, setup, options, 100);
    expect(() => queue.next(newChain())).toThrow(RingError);
  });
});
