import { Chain, LinearMemory, RingError, type RingOptions } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { queueLayout, setupAt } from '../../src/ring/queue-layout.ts';
import { SplitDriverQueue } from '../../src/ring/split.ts';
import { bytesAt, chainOf, hex } from './hand-written.ts';

/** A queue of 4: the descriptor table at 0, the available ring at 0x40, the used ring at 0x50. */
const AVAIL_FLAGS = 0x40;
const AVAIL_IDX = 0x42;
const USED_EVENT = 0x4c;
const USED_FLAGS = 0x50;
const USED_IDX = 0x52;
const USED_RING = 0x54;
const AVAIL_EVENT = 0x74;
const TABLES = 0x1000;

const plain: RingOptions = { indirect: false, eventIdx: false, inOrder: false };

function setUp(options: Partial<RingOptions> = {}): {
  queue: SplitDriverQueue;
  memory: LinearMemory;
} {
  const memory = new LinearMemory(new ArrayBuffer(0x2000));
  const tables = { address: TABLES, iova: 0x5_0000_0000, entries: 4 };
  const setup = setupAt(queueLayout(false, 4, 0), 0);
  const queue = new SplitDriverQueue(memory, setup, { ...plain, ...options }, tables);
  return { queue, memory };
}

/** Adds and publishes a chain of one buffer for the device to write. */
function offer(queue: SplitDriverQueue, bytes = 16): number {
  const id = queue.add(chainOf([0x8000, bytes, 'write']));
  queue.publish();
  return id;
}

/** As a device would: an entry in the used ring, and the idx after it. */
function use(
  memory: LinearMemory,
  index: number,
  id: number,
  length: number,
  idx = index + 1,
): void {
  memory.store32(USED_RING + 8 * (index % 4), id);
  memory.store32(USED_RING + 8 * (index % 4) + 4, length);
  memory.store16(USED_IDX, idx);
}

describe('golden bytes', () => {
  test('2.7.5, 2.7.6: a chain of three', () => {
    const { queue, memory } = setUp();
    const chain = chainOf([0x1_2345_6000, 24], [0x2000, 40], [0x3000, 16, 'write']);
    expect(queue.add(chain)).toBe(0);
    expect(queue.publish()).toBe(true);
    expect(bytesAt(memory, 0, 64)).toBe(
      hex(`00 60 45 23 01 00 00 00  18 00 00 00  01 00  01 00
           00 20 00 00 00 00 00 00  28 00 00 00  01 00  02 00
           00 30 00 00 00 00 00 00  10 00 00 00  02 00  00 00
           00 00 00 00 00 00 00 00  00 00 00 00  00 00  00 00`),
    );
    expect(bytesAt(memory, 0x40, 14)).toBe(hex('00 00  01 00  00 00  00 00  00 00  00 00  00 00'));
  });

  test('2.7.5.3: an indirect chain of three', () => {
    const { queue, memory } = setUp({ indirect: true });
    queue.add(chainOf([0x1000, 8]));
    queue.add(chainOf([0x1_2345_6000, 24], [0x2000, 40], [0x3000, 16, 'write']));
    queue.publish();
    // The second chain's head is descriptor 1, so it has the second table of 64 bytes.
    expect(bytesAt(memory, 16, 16)).toBe(hex('40 00 00 00 05 00 00 00  30 00 00 00  04 00  00 00'));
    expect(bytesAt(memory, TABLES + 64, 48)).toBe(
      hex(`00 60 45 23 01 00 00 00  18 00 00 00  01 00  01 00
           00 20 00 00 00 00 00 00  28 00 00 00  01 00  02 00
           00 30 00 00 00 00 00 00  10 00 00 00  02 00  00 00`),
    );
    expect(bytesAt(memory, 0x40, 8)).toBe(hex('00 00  02 00  00 00  01 00'));
    expect([queue.free, queue.descriptors]).toEqual([2, 5]);
  });

  test('2.7.8: a used chain', () => {
    const { queue, memory } = setUp();
    offer(queue);
    memory.bytes.set([0, 0, 1, 0, 0, 0, 0, 0, 12, 0, 0, 0], USED_FLAGS);
    expect(queue.take()).toBe(0);
    expect(queue.usedLength).toBe(12);
    expect(queue.take()).toBe(-1);
    expect(queue.free).toBe(4);
  });
});

describe('§2.7.13 supplying buffers', () => {
  test('2.7.13: nothing is visible before publish, and then all at once', () => {
    const { queue, memory } = setUp();
    queue.add(chainOf([0x1000, 8]));
    queue.add(chainOf([0x2000, 8]));
    expect(memory.load16(AVAIL_IDX)).toBe(0);
    queue.publish();
    expect(memory.load16(AVAIL_IDX)).toBe(2);
  });

  test('publishing nothing notifies nobody', () => {
    const { queue } = setUp();
    expect(queue.publish()).toBe(false);
    expect(queue.suppressed).toBe(0);
  });

  test('2.7.13: a chain that has no room is not begun', () => {
    const { queue, memory } = setUp();
    queue.add(chainOf([0x1000, 8], [0x2000, 8]));
    const before = bytesAt(memory, 0, 0x50);
    expect(queue.add(chainOf([1, 1], [2, 1], [3, 1]))).toBe(-1);
    expect(bytesAt(memory, 0, 0x50)).toBe(before);
    expect(queue.free).toBe(2);
  });

  test('2.7.5.3.1: no chain is longer than the queue, indirect or not', () => {
    const { queue } = setUp({ indirect: true });
    const five = chainOf([1, 1], [2, 1], [3, 1], [4, 1], [5, 1]);
    expect(() => queue.add(five)).toThrow(/1 to 4 buffers, not 5/);
    expect(() => queue.add(new Chain(1))).toThrow(/not 0/);
  });

  test('2.7.5.2: no chain is longer than 2^32 bytes', () => {
    const { queue } = setUp();
    const half = 2 ** 31;
    expect(queue.add(chainOf([0, half], [half, half]))).toBe(0);
    expect(() => queue.add(chainOf([0, half], [half, half + 1]))).toThrow(/2\^32/);
  });

  test('2.7.5.3.1: without INDIRECT_DESC no descriptor is indirect, nor with it one buffer', () => {
    const without = setUp();
    without.queue.add(chainOf([0x1000, 8], [0x2000, 8]));
    expect(without.memory.load16(12)).toBe(1);
    const single = setUp({ indirect: true });
    single.queue.add(chainOf([0x1000, 8]));
    expect(single.memory.load16(12)).toBe(0);
  });

  test('2.7.5: in order, descriptors are used in ring order and next is x + 1, or 0 at the end', () => {
    const { queue, memory } = setUp({ inOrder: true });
    const three = chainOf([1, 1], [2, 1], [3, 1, 'write']);
    expect(queue.add(three)).toBe(0);
    queue.publish();
    use(memory, 0, 0, 1);
    expect(queue.take()).toBe(0);
    expect(queue.add(three)).toBe(3);
    expect([3, 0, 1].map((index) => memory.load16(16 * index + 14))).toEqual([0, 1, 0]);
    expect([3, 0, 1].map((index) => memory.load16(16 * index + 12))).toEqual([1, 1, 2]);
  });
});

describe('§2.7.10 available buffer notification suppression', () => {
  test('2.7.10.1: without EVENT_IDX it notifies when flags is 0, and not when it is 1', () => {
    const { queue, memory } = setUp();
    memory.store16(AVAIL_EVENT, 2);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(true);
    memory.store16(USED_FLAGS, 1);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(false);
    expect(queue.suppressed).toBe(1);
  });

  test('2.7.10.1: with EVENT_IDX it ignores flags and notifies when avail_event is passed', () => {
    const { queue, memory } = setUp({ eventIdx: true });
    memory.store16(USED_FLAGS, 1);
    memory.store16(AVAIL_EVENT, 1);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(false);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(true);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(false);
    expect(queue.suppressed).toBe(2);
  });

  test('2.7.10.1: a batch that passes avail_event in its middle notifies', () => {
    const { queue, memory } = setUp({ eventIdx: true });
    memory.store16(AVAIL_EVENT, 1);
    queue.add(chainOf([1, 1]));
    queue.add(chainOf([1, 1]));
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(true);
  });
});

describe('§2.7.7 used buffer notification suppression', () => {
  test('2.7.7.1: without EVENT_IDX flags is 1 or 0, and used_event stays as it is', () => {
    const { queue, memory } = setUp();
    queue.disableNotifications();
    expect(memory.load16(AVAIL_FLAGS)).toBe(1);
    expect(queue.enableNotifications()).toBe(true);
    expect(memory.load16(AVAIL_FLAGS)).toBe(0);
    expect(memory.load16(USED_EVENT)).toBe(0);
  });

  test('2.7.7.1: with EVENT_IDX flags is always 0, and used_event names the next entry', () => {
    const { queue, memory } = setUp({ eventIdx: true });
    offer(queue);
    use(memory, 0, 0, 1);
    queue.take();
    queue.disableNotifications();
    expect([memory.load16(AVAIL_FLAGS), memory.load16(USED_EVENT)]).toEqual([0, 0]);
    expect(queue.enableNotifications()).toBe(true);
    expect([memory.load16(AVAIL_FLAGS), memory.load16(USED_EVENT)]).toEqual([0, 1]);
  });

  test('2.7.14: enabling says when a chain was used meanwhile', () => {
    for (const eventIdx of [false, true]) {
      const { queue, memory } = setUp({ eventIdx });
      offer(queue);
      use(memory, 0, 0, 1);
      expect(queue.enableNotifications()).toBe(false);
      expect(queue.take()).toBe(0);
      expect(queue.enableNotifications()).toBe(true);
    }
  });
});

describe('§2.7.9 in-order use of descriptors', () => {
  test('2.7.9: one entry stands for a batch; what was skipped was used completely', () => {
    const { queue, memory } = setUp({ inOrder: true });
    const ids = [16, 32, 48].map((bytes) => offer(queue, bytes));
    use(memory, 0, ids[2], 5, 3);
    const taken = ids.map(() => [queue.take(), queue.usedLength]);
    expect(taken).toEqual([
      [ids[0], 16],
      [ids[1], 32],
      [ids[2], 5],
    ]);
    expect(queue.take()).toBe(-1);
    // The next batch's entry lies where the first of its chains would have it.
    const next = [offer(queue), offer(queue)];
    use(memory, 3, next[1], 1, 5);
    expect([queue.take(), queue.take(), queue.take()]).toEqual([...next, -1]);
  });

  test('2.7.9: an entry of one chain is a batch of one', () => {
    const { queue, memory } = setUp({ inOrder: true });
    const ids = [offer(queue), offer(queue)];
    use(memory, 0, ids[0], 3, 1);
    expect([queue.take(), queue.usedLength, queue.take()]).toEqual([ids[0], 3, -1]);
    use(memory, 1, ids[1], 4, 2);
    expect([queue.take(), queue.usedLength]).toEqual([ids[1], 4]);
  });

  test('a batch for which idx was not advanced far enough is refused', () => {
    const { queue, memory } = setUp({ inOrder: true });
    const ids = [offer(queue), offer(queue)];
    use(memory, 0, ids[1], 0, 1);
    expect(() => queue.take()).toThrow(/did not advance the used idx/);
  });
});

describe('a hostile device', () => {
  const cases: readonly [
    string,
    (queue: SplitDriverQueue, memory: LinearMemory) => void,
    RegExp,
  ][] = [
    ['an id beyond the queue', (_queue, memory) => use(memory, 0, 4, 0), /chain 4, which was not/],
    ['an id of 2^32 - 1', (_queue, memory) => use(memory, 0, 0xffff_ffff, 0), /chain 4294967295/],
    ['an id that is not outstanding', (_queue, memory) => use(memory, 0, 2, 0), /chain 2, which/],
    [
      'an id that is no head',
      (queue, memory) => {
        queue.add(chainOf([1, 1], [2, 1]));
        queue.publish();
        use(memory, 0, 2, 0);
      },
      /chain 2, which was not/,
    ],
    [
      'an id that was added but not published',
      (queue, memory) => {
        expect(queue.add(chainOf([1, 1]))).toBe(1);
        use(memory, 0, 1, 0);
      },
      /chain 1, which was not/,
    ],
    [
      'an id twice',
      (queue, memory) => {
        offer(queue);
        use(memory, 0, 0, 0);
        queue.take();
        use(memory, 1, 0, 0);
      },
      /chain 0, which was not/,
    ],
    [
      'more bytes than the chain has room for',
      (_queue, memory) => use(memory, 0, 0, 17),
      /wrote 17 bytes to chain 0, which has room for 16/,
    ],
    ['idx beyond what is outstanding', (_queue, memory) => use(memory, 0, 0, 0, 2), /idx by 2/],
    ['idx that goes back', (_queue, memory) => use(memory, 0, 0, 0, 0xffff), /idx by 65535/],
  ];

  test.each(cases)('returns %s: a RingError, and the queue stays broken', (_name, act, rule) => {
    for (const inOrder of [false, true]) {
      const { queue, memory } = setUp({ inOrder });
      offer(queue);
      act(queue, memory);
      expect(() => queue.take()).toThrow(RingError);
      expect(() => queue.take()).toThrow(rule);
      expect(() => queue.add(chainOf([1, 1]))).toThrow(rule);
      expect(() => queue.publish()).toThrow(rule);
      expect(() => queue.enableNotifications()).toThrow(rule);
      expect(() => queue.disableNotifications()).toThrow(rule);
    }
  });

  test('each field of an entry is loaded once', () => {
    const loads = new Map<number, number>();
    class Counting extends LinearMemory {
      override load32(address: number): number {
        loads.set(address, (loads.get(address) ?? 0) + 1);
        return super.load32(address);
      }
    }
    const memory = new Counting(new ArrayBuffer(0x2000));
    const queue = new SplitDriverQueue(memory, setupAt(queueLayout(false, 4, 0), 0), plain);
    offer(queue);
    use(memory, 0, 0, 3);
    queue.take();
    expect([...loads]).toEqual([
      [USED_RING, 1],
      [USED_RING + 4, 1],
    ]);
  });
});
