import { Chain, LinearMemory, RingError, type RingOptions } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { PackedDriverQueue } from '../../src/ring/packed.ts';
import { queueLayout, setupAt } from '../../src/ring/queue-layout.ts';
import { bytesAt, chainOf, hex } from './hand-written.ts';

/** A queue of 4: the descriptor ring at 0, then the driver's and the device's event structure. */
const DRIVER_EVENT = 0x40;
const DEVICE_EVENT = 0x44;
const TABLES = 0x1000;

const NEXT = 1;
const WRITE = 2;
const AVAIL = 0x80;
const USED = 0x8000;

const plain: RingOptions = { indirect: false, eventIdx: false, inOrder: false };

function setUp(options: Partial<RingOptions> = {}): {
  queue: PackedDriverQueue;
  memory: LinearMemory;
} {
  const memory = new LinearMemory(new ArrayBuffer(0x2000));
  const tables = { address: TABLES, iova: 0x5_0000_0000, entries: 4 };
  const setup = setupAt(queueLayout(true, 4, 0), 0);
  const queue = new PackedDriverQueue(memory, setup, { ...plain, ...options }, tables);
  return { queue, memory };
}

function offer(queue: PackedDriverQueue, bytes = 16): number {
  const id = queue.add(chainOf([0x8000, bytes, 'write']));
  queue.publish();
  return id;
}

function flagsAt(memory: LinearMemory, place: number): number {
  return memory.load16(16 * place + 14);
}

/** As a device would: a used descriptor. */
function use(
  memory: LinearMemory,
  place: number,
  id: number,
  length: number,
  flags = AVAIL | USED | WRITE,
): void {
  memory.store32(16 * place + 8, length);
  memory.store16(16 * place + 12, id);
  memory.store16(16 * place + 14, flags);
}

describe('golden bytes', () => {
  test('2.8.13, 2.8.6: a list of three', () => {
    const { queue, memory } = setUp();
    const chain = chainOf([0x1_2345_6000, 24], [0x2000, 40], [0x3000, 16, 'write']);
    expect(queue.add(chain)).toBe(0);
    expect(queue.publish()).toBe(true);
    expect(bytesAt(memory, 0, 72)).toBe(
      hex(`00 60 45 23 01 00 00 00  18 00 00 00  00 00  81 00
           00 20 00 00 00 00 00 00  28 00 00 00  00 00  81 00
           00 30 00 00 00 00 00 00  10 00 00 00  00 00  82 00
           00 00 00 00 00 00 00 00  00 00 00 00  00 00  00 00
           00 00 00 00  00 00 00 00`),
    );
  });

  test('2.8.7: an indirect list of three', () => {
    const { queue, memory } = setUp({ indirect: true });
    queue.add(chainOf([0x1000, 8]));
    queue.add(chainOf([0x1_2345_6000, 24], [0x2000, 40], [0x3000, 16, 'write']));
    queue.publish();
    expect(bytesAt(memory, 16, 16)).toBe(hex('40 00 00 00 05 00 00 00  30 00 00 00  01 00  84 00'));
    expect(bytesAt(memory, TABLES + 64, 48)).toBe(
      hex(`00 60 45 23 01 00 00 00  18 00 00 00  00 00  00 00
           00 20 00 00 00 00 00 00  28 00 00 00  00 00  00 00
           00 30 00 00 00 00 00 00  10 00 00 00  00 00  02 00`),
    );
    expect([queue.free, queue.descriptors]).toEqual([2, 5]);
  });

  test('2.8.3, 2.8.4: a used list', () => {
    const { queue, memory } = setUp();
    offer(queue);
    memory.bytes.set([0x0c, 0, 0, 0, 0, 0, 0x82, 0x80], 8);
    expect(queue.take()).toBe(0);
    expect(queue.usedLength).toBe(12);
    expect(queue.take()).toBe(-1);
    expect(queue.free).toBe(4);
  });
});

describe('§2.8.21 supplying buffers', () => {
  test('2.8.17: the first descriptor of a batch becomes available last, by publish', () => {
    const { queue, memory } = setUp();
    queue.add(chainOf([1, 1], [2, 1]));
    queue.add(chainOf([3, 1]));
    expect([0, 1, 2].map((place) => flagsAt(memory, place))).toEqual([0, AVAIL, AVAIL]);
    queue.publish();
    expect(flagsAt(memory, 0)).toBe(AVAIL | NEXT);
  });

  test('2.8.1: the wrap counter turns at the end of the ring, in the middle of a list too', () => {
    const { queue, memory } = setUp();
    queue.add(chainOf([1, 1], [2, 1], [3, 1]));
    queue.publish();
    use(memory, 0, 0, 0);
    queue.take();
    queue.add(chainOf([1, 1], [2, 1]));
    queue.publish();
    expect([3, 0].map((place) => flagsAt(memory, place))).toEqual([AVAIL | NEXT, USED]);
  });

  test('2.8.17: a list that has no room is not begun', () => {
    const { queue, memory } = setUp();
    queue.add(chainOf([1, 1], [2, 1]));
    const before = bytesAt(memory, 0, 0x48);
    expect(queue.add(chainOf([1, 1], [2, 1], [3, 1]))).toBe(-1);
    expect(bytesAt(memory, 0, 0x48)).toBe(before);
    expect(queue.free).toBe(2);
  });

  test('2.8.17: no list is longer than the queue, indirect or not', () => {
    const { queue } = setUp({ indirect: true });
    const five = chainOf([1, 1], [2, 1], [3, 1], [4, 1], [5, 1]);
    expect(() => queue.add(five)).toThrow(/1 to 4 buffers, not 5/);
    expect(() => queue.add(new Chain(1))).toThrow(/not 0/);
  });

  test('publishing nothing notifies nobody', () => {
    const { queue } = setUp();
    expect(queue.publish()).toBe(false);
    expect(queue.suppressed).toBe(0);
  });
});

describe('§2.8.10 the device event suppression structure', () => {
  test('2.8.10: ENABLE notifies, DISABLE does not, and the reserved bits mean nothing', () => {
    const { queue, memory } = setUp();
    expect([queue.add(chainOf([1, 1])), queue.publish()]).toEqual([0, true]);
    memory.store16(DEVICE_EVENT + 2, 1);
    expect([queue.add(chainOf([1, 1])), queue.publish()]).toEqual([1, false]);
    memory.store16(DEVICE_EVENT + 2, 0xfffc);
    expect([queue.add(chainOf([1, 1])), queue.publish()]).toEqual([2, true]);
    expect(queue.suppressed).toBe(1);
  });

  test('2.8.10: DESC is only valid with EVENT_IDX; without it a notification is safe', () => {
    const { queue, memory } = setUp();
    memory.store32(DEVICE_EVENT, 0x0002_8003);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(true);
  });

  test('2.8.10: DESC notifies when the descriptor with that offset and wrap is passed', () => {
    const { queue, memory } = setUp({ eventIdx: true });
    memory.store32(DEVICE_EVENT, 0x0002_8002);
    const notified = [1, 1].map(() => {
      queue.add(chainOf([1, 1], [2, 1]));
      return queue.publish();
    });
    expect(notified).toEqual([false, true]);
    // Offset 1 with wrap 0 is in the next lap.
    memory.store32(DEVICE_EVENT, 0x0002_0001);
    use(memory, 0, 0, 0);
    use(memory, 2, 1, 0);
    queue.take();
    queue.take();
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(false);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(true);
    expect(queue.suppressed).toBe(2);
  });

  test('2.8.10: the last descriptor of the ring is passed as the wrap counter turns', () => {
    const { queue, memory } = setUp({ eventIdx: true });
    memory.store32(DEVICE_EVENT, 0x0002_8003);
    queue.add(chainOf([1, 1], [2, 1], [3, 1]));
    expect(queue.publish()).toBe(false);
    queue.add(chainOf([1, 1]));
    expect(queue.publish()).toBe(true);
  });
});

describe('§2.8.10 the driver event suppression structure', () => {
  test('2.8.14: without EVENT_IDX it is DISABLE or ENABLE', () => {
    const { queue, memory } = setUp();
    queue.disableNotifications();
    expect(bytesAt(memory, DRIVER_EVENT, 4)).toBe(hex('00 00 01 00'));
    expect(queue.enableNotifications()).toBe(true);
    expect(bytesAt(memory, DRIVER_EVENT, 4)).toBe(hex('00 00 00 00'));
  });

  test('2.8.14: with EVENT_IDX it names the next used descriptor, wrap counter in bit 15', () => {
    const { queue, memory } = setUp({ eventIdx: true });
    queue.enableNotifications();
    expect(bytesAt(memory, DRIVER_EVENT, 4)).toBe(hex('00 80 02 00'));
    queue.add(chainOf([1, 1], [2, 1], [3, 1], [4, 1]));
    queue.publish();
    use(memory, 0, 0, 0);
    queue.take();
    queue.enableNotifications();
    expect(bytesAt(memory, DRIVER_EVENT, 4)).toBe(hex('00 00 02 00'));
    queue.disableNotifications();
    expect(bytesAt(memory, DRIVER_EVENT, 4)).toBe(hex('00 00 01 00'));
  });

  test('2.8.22: enabling says when a buffer was used meanwhile', () => {
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

describe('§2.8.22 receiving used buffers', () => {
  test('2.8.6: it skips the whole list, so that the next used descriptor lies behind it', () => {
    const { queue, memory } = setUp();
    queue.add(chainOf([1, 1], [2, 1], [3, 9, 'write']));
    const second = queue.add(chainOf([4, 9, 'write']));
    queue.publish();
    // The device may use them in any order (§2.8.12).
    use(memory, 0, second, 7);
    expect([queue.take(), queue.usedLength]).toEqual([second, 7]);
    use(memory, 1, 0, 5);
    expect([queue.take(), queue.usedLength]).toEqual([0, 5]);
    expect([queue.take(), queue.free]).toEqual([-1, 4]);
  });

  test('2.8.1: a descriptor that was used in the lap before is not used again', () => {
    const { queue, memory } = setUp();
    for (let place = 0; place < 4; place++) {
      const id = offer(queue);
      use(memory, place, id, 1);
      expect(queue.take()).toBe(id);
    }
    const id = offer(queue);
    expect(queue.take()).toBe(-1);
    use(memory, 0, id, 1, AVAIL | USED | WRITE);
    expect(queue.take()).toBe(-1);
    use(memory, 0, id, 1, WRITE);
    expect(queue.take()).toBe(id);
  });

  test('2.8.4: without WRITE a length that cannot be is ignored; one that can is taken, as Linux does', () => {
    const { queue, memory } = setUp();
    const ids = [offer(queue), offer(queue)];
    use(memory, 0, ids[0], 17, AVAIL | USED);
    expect([queue.take(), queue.usedLength]).toEqual([ids[0], 0]);
    use(memory, 1, ids[1], 16, AVAIL | USED);
    expect([queue.take(), queue.usedLength]).toEqual([ids[1], 16]);
  });

  test('2.8.8: in order, one descriptor stands for a batch; what was skipped was used completely', () => {
    const { queue, memory } = setUp({ inOrder: true });
    const ids = [16, 32, 48].map((bytes) => offer(queue, bytes));
    use(memory, 0, ids[2], 5);
    const taken = ids.map(() => [queue.take(), queue.usedLength]);
    expect(taken).toEqual([
      [ids[0], 16],
      [ids[1], 32],
      [ids[2], 5],
    ]);
    expect(queue.take()).toBe(-1);
    // The next batch's descriptor overwrites the first of its descriptors.
    const next = [offer(queue), offer(queue)];
    use(memory, 3, next[1], 1);
    expect([queue.take(), queue.take(), queue.take()]).toEqual([...next, -1]);
    expect(queue.free).toBe(4);
  });

  test('2.8.8: in the middle of a batch there is more to take', () => {
    const { queue, memory } = setUp({ inOrder: true });
    const ids = [offer(queue), offer(queue)];
    use(memory, 0, ids[1], 0);
    queue.take();
    expect(queue.enableNotifications()).toBe(false);
    queue.take();
    expect(queue.enableNotifications()).toBe(true);
  });
});

describe('a hostile device', () => {
  const cases: readonly [
    string,
    (queue: PackedDriverQueue, memory: LinearMemory) => void,
    RegExp,
  ][] = [
    ['an id beyond the queue', (_queue, memory) => use(memory, 0, 4, 0), /id 4, which was not/],
    ['an id of 65535', (_queue, memory) => use(memory, 0, 0xffff, 0), /id 65535, which was not/],
    ['an id that is not outstanding', (_queue, memory) => use(memory, 0, 2, 0), /id 2, which/],
    [
      'an id that was added but not published',
      (queue, memory) => {
        expect(queue.add(chainOf([1, 1]))).toBe(1);
        use(memory, 0, 1, 0);
      },
      /id 1, which was not/,
    ],
    [
      'an id twice',
      (queue, memory) => {
        use(memory, 0, 0, 0);
        queue.take();
        use(memory, 1, 0, 0);
      },
      /id 0, which was not/,
    ],
    [
      'more bytes than the list has room for',
      (_queue, memory) => use(memory, 0, 0, 17),
      /wrote 17 bytes to buffer id 0, which has room for 16/,
    ],
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
});
