import { Chain, RingError, type LinearMemory, type RingOptions } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { SplitDeviceQueue } from '../../src/ring/split.ts';
import {
  buffersOf,
  bytesAt,
  CountingMemory,
  FAR,
  hex,
  MEMORY_BYTES,
  newChain,
  newMemory,
  setBytes,
  writeDesc,
} from './hand-written.ts';

/** A queue of 4: the descriptor table at 0, the available ring at 0x40, the used ring at 0x50. */
const setup = { size: 4, descriptors: 0, driver: 0x40, device: 0x50 };
const AVAIL_FLAGS = 0x40;
const AVAIL_IDX = 0x42;
const AVAIL_RING = 0x44;
const USED_EVENT = 0x4c;
const USED_FLAGS = 0x50;
const USED_IDX = 0x52;
const AVAIL_EVENT = 0x74;
const TABLE = 0x1000;

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;

const plain: RingOptions = { indirect: true, eventIdx: false, inOrder: false };

function setUp(options: Partial<RingOptions> = {}): {
  queue: SplitDeviceQueue;
  memory: LinearMemory;
  chain: Chain;
} {
  const memory = newMemory();
  const queue = new SplitDeviceQueue(memory, setup, { ...plain, ...options });
  return { queue, memory, chain: newChain() };
}

/** As a driver would: heads in the available ring, and its idx after them. */
function offer(memory: LinearMemory, ...heads: readonly number[]): void {
  const idx = memory.load16(AVAIL_IDX);
  heads.forEach((head, i) => {
    memory.store16(AVAIL_RING + 2 * ((idx + i) % 4), head);
  });
  memory.store16(AVAIL_IDX, idx + heads.length);
}

/** Chains of one buffer of 16 bytes for the device to write, at each descriptor. */
function writeSingles(memory: LinearMemory): void {
  for (let index = 0; index < 4; index++) {
    writeDesc(memory, 16 * index, 0x2000, 16, WRITE, 0);
  }
}

describe('golden bytes', () => {
  test('2.7.5, 2.7.6: a chain of three', () => {
    const { queue, memory, chain } = setUp();
    setBytes(
      memory,
      0,
      `00 60 00 00 00 00 00 00  18 00 00 00  01 00  02 00
       00 00 00 00 00 00 00 00  00 00 00 00  00 00  00 00
       00 70 00 00 00 00 00 00  28 00 00 00  01 00  03 00
       00 80 00 00 00 00 00 00  10 00 00 00  02 00  00 00`,
    );
    setBytes(memory, AVAIL_FLAGS, '00 00  01 00  00 00');
    expect(queue.next(chain)).toBe(true);
    expect(chain.id).toBe(0);
    expect(buffersOf(chain)).toEqual([
      [0x6000, 24, false],
      [0x7000, 40, false],
      [0x8000, 16, true],
    ]);
    expect(queue.next(chain)).toBe(false);
    expect(queue.descriptors).toBe(3);
  });

  test('2.7.5.3: an indirect chain of two, behind a normal descriptor (§2.7.5.3.2)', () => {
    const { queue, memory, chain } = setUp();
    setBytes(memory, 0x10, '00 60 00 00 00 00 00 00  18 00 00 00  01 00  03 00');
    // WRITE is ignored in a descriptor that refers to a table.
    setBytes(memory, 0x30, '00 10 00 00 00 00 00 00  30 00 00 00  06 00  00 00');
    setBytes(
      memory,
      TABLE,
      `00 70 00 00 00 00 00 00  28 00 00 00  01 00  02 00
       ff ff ff ff ff ff ff ff  ff ff ff ff  ff ff  ff ff
       00 80 00 00 00 00 00 00  10 00 00 00  02 00  00 00`,
    );
    offer(memory, 1);
    expect(queue.next(chain)).toBe(true);
    expect(chain.id).toBe(1);
    expect(buffersOf(chain)).toEqual([
      [0x6000, 24, false],
      [0x7000, 40, false],
      [0x8000, 16, true],
    ]);
    expect(queue.descriptors).toBe(4);
  });

  test('2.7.8: used chains', () => {
    const { queue, memory, chain } = setUp();
    writeSingles(memory);
    offer(memory, 3, 1);
    queue.next(chain);
    queue.next(chain);
    queue.put(1, 16);
    queue.put(3, 12);
    expect(bytesAt(memory, USED_FLAGS, 4)).toBe(hex('00 00 00 00'));
    expect(queue.publish()).toBe(true);
    expect(bytesAt(memory, USED_FLAGS, 20)).toBe(
      hex('00 00  02 00  01 00 00 00 10 00 00 00  03 00 00 00 0c 00 00 00'),
    );
  });
});

describe('what a driver may do', () => {
  test('2.7.5.3: a table of 1,024 descriptors, longer than the queue', () => {
    const { queue, memory, chain } = setUp();
    for (let i = 0; i < 1024; i++) {
      writeDesc(memory, TABLE + 16 * i, i, 1, i < 1023 ? NEXT : 0, i + 1);
    }
    writeDesc(memory, 0, TABLE, 16 * 1024, INDIRECT, 0);
    offer(memory, 0);
    expect(queue.next(chain)).toBe(true);
    expect([chain.count, chain.addresses[1023]]).toEqual([1024, 1023]);
  });

  test('a chain as long as the queue, and an empty buffer, which no section forbids', () => {
    const { queue, memory, chain } = setUp();
    writeDesc(memory, 0, 0x2000, 0, NEXT, 1);
    writeDesc(memory, 16, 0x2000, 8, NEXT, 2);
    writeDesc(memory, 32, 0x2000, 0, NEXT | WRITE, 3);
    writeDesc(memory, 48, 0x2000, 8, WRITE, 0);
    offer(memory, 0);
    expect(queue.next(chain)).toBe(true);
    expect([...chain.lengths.subarray(0, 4)]).toEqual([0, 8, 0, 8]);
  });

  test('2.7.13.3: idx wraps at 65536', () => {
    const { queue, memory, chain } = setUp();
    writeSingles(memory);
    for (let i = 0; i < 65_536 + 3; i++) {
      offer(memory, i % 4);
      expect(queue.next(chain)).toBe(true);
      queue.put(chain.id, 1);
      queue.publish();
    }
    expect(memory.load16(USED_IDX)).toBe(3);
  });
});

describe('notifications', () => {
  function useOne({ queue, memory, chain }: ReturnType<typeof setUp>): boolean {
    offer(memory, 0);
    queue.next(chain);
    queue.put(0, 0);
    return queue.publish();
  }

  test('2.7.7.2: without EVENT_IDX it notifies when flags is 0, and not when it is 1', () => {
    const all = setUp();
    writeSingles(all.memory);
    all.memory.store16(USED_EVENT, 5);
    expect(useOne(all)).toBe(true);
    all.memory.store16(AVAIL_FLAGS, 1);
    expect(useOne(all)).toBe(false);
    expect(all.queue.suppressed).toBe(1);
    expect(all.queue.publish()).toBe(false);
    expect(all.queue.suppressed).toBe(1);
  });

  test('2.7.7.2: with EVENT_IDX it ignores flags and notifies when used_event is passed', () => {
    const all = setUp({ eventIdx: true });
    writeSingles(all.memory);
    all.memory.store16(AVAIL_FLAGS, 1);
    all.memory.store16(USED_EVENT, 1);
    expect([useOne(all), useOne(all), useOne(all)]).toEqual([false, true, false]);
    expect(all.queue.suppressed).toBe(2);
  });

  test('2.7.7.2: a batch that passes used_event in its middle notifies', () => {
    const { queue, memory, chain } = setUp({ eventIdx: true });
    writeSingles(memory);
    memory.store16(USED_EVENT, 1);
    offer(memory, 0, 1, 2);
    while (queue.next(chain)) {
      queue.put(chain.id, 0);
    }
    expect(queue.publish()).toBe(true);
  });

  test('2.7.10.2: without EVENT_IDX flags is 1 or 0, and avail_event stays as it is', () => {
    const { queue, memory } = setUp();
    queue.disableNotifications();
    expect(memory.load16(USED_FLAGS)).toBe(1);
    expect(queue.enableNotifications()).toBe(true);
    expect([memory.load16(USED_FLAGS), memory.load16(AVAIL_EVENT)]).toEqual([0, 0]);
  });

  test('2.7.10.2: with EVENT_IDX flags is always 0, and avail_event names the next entry', () => {
    const all = setUp({ eventIdx: true });
    const { queue, memory } = all;
    writeSingles(memory);
    useOne(all);
    queue.disableNotifications();
    expect([memory.load16(USED_FLAGS), memory.load16(AVAIL_EVENT)]).toEqual([0, 0]);
    expect(queue.enableNotifications()).toBe(true);
    expect([memory.load16(USED_FLAGS), memory.load16(AVAIL_EVENT)]).toEqual([0, 1]);
  });

  test('enabling says when a chain was made available meanwhile', () => {
    for (const eventIdx of [false, true]) {
      const { queue, memory, chain } = setUp({ eventIdx });
      writeSingles(memory);
      offer(memory, 0);
      expect(queue.enableNotifications()).toBe(false);
      queue.next(chain);
      expect(queue.enableNotifications()).toBe(true);
    }
  });
});

describe('§2.7.9 in-order use of descriptors', () => {
  test('6.2: a chain that is returned before its turn waits', () => {
    const { queue, memory, chain } = setUp({ inOrder: true });
    writeSingles(memory);
    offer(memory, 2, 0);
    queue.next(chain);
    queue.next(chain);
    queue.put(0, 5);
    expect(queue.publish()).toBe(false);
    expect(memory.load16(USED_IDX)).toBe(0);
    queue.put(2, 4);
    queue.publish();
    expect(bytesAt(memory, USED_FLAGS, 20)).toBe(
      hex('00 00  02 00  02 00 00 00 04 00 00 00  00 00 00 00 05 00 00 00'),
    );
  });

  test('2.7.9: chains that were used completely are skipped; the entry names the last', () => {
    const { queue, memory, chain } = setUp({ inOrder: true });
    writeSingles(memory);
    offer(memory, 0, 1, 2, 3);
    for (const written of [16, 16, 3, 16]) {
      queue.next(chain);
      queue.put(chain.id, written);
    }
    queue.publish();
    // One entry for 0 to 2 at offset 0; the next where the entry of 3 belongs.
    expect(bytesAt(memory, USED_FLAGS, 36)).toBe(
      hex(`00 00  04 00  02 00 00 00 03 00 00 00  00 00 00 00 00 00 00 00
           00 00 00 00 00 00 00 00  03 00 00 00 10 00 00 00`),
    );
  });
});

describe('a device half that breaks its own rules', () => {
  test('is told so: a chain that it does not hold, or more bytes than there is room for', () => {
    const { queue, memory, chain } = setUp();
    writeSingles(memory);
    offer(memory, 0);
    queue.next(chain);
    expect(() => queue.put(1, 0)).toThrow(RangeError);
    expect(() => queue.put(0, 17)).toThrow(RangeError);
    expect(() => queue.put(0, NaN)).toThrow(RangeError);
    queue.put(0, 16);
    expect(() => queue.put(0, 16)).toThrow(RangeError);
    expect(queue.publish()).toBe(true);
  });
});

describe('a hostile driver', () => {
  /** What it does, with a queue whose descriptor 0 is a good chain. */
  const cases: readonly [string, (memory: LinearMemory) => void, RegExp][] = [
    ['idx beyond the queue', (m) => m.store16(AVAIL_IDX, 5), /available idx by 5/],
    ['idx that goes back', (m) => m.store16(AVAIL_IDX, 0xffff), /available idx by 65535/],
    ['a head beyond the queue', (m) => offer(m, 4), /descriptor 4 of 4/],
    ['a head twice', (m) => offer(m, 0, 0), /chain 0 available, which/],
    [
      'a next beyond the table',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, NEXT, 4);
        offer(m, 0);
      },
      /next is 4, in a table of 4/,
    ],
    [
      'a loop of one',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, NEXT, 0);
        offer(m, 0);
      },
      /longer than the queue, 4: it has a loop/,
    ],
    [
      'a loop of four empty buffers',
      (m) => {
        for (let i = 0; i < 4; i++) {
          writeDesc(m, 16 * i, 0x2000, 0, NEXT, (i + 1) % 4);
        }
        offer(m, 0);
      },
      /it has a loop/,
    ],
    [
      'a readable buffer after a writable one',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, NEXT | WRITE, 1);
        writeDesc(m, 16, 0x2000, 8, 0, 0);
        offer(m, 0);
      },
      /follows one that it writes/,
    ],
    [
      'a readable buffer in a table after a writable one outside',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, NEXT | WRITE, 1);
        writeDesc(m, 16, TABLE, 16, INDIRECT, 0);
        writeDesc(m, TABLE, 0x2000, 8, 0, 0);
        offer(m, 0);
      },
      /follows one that it writes/,
    ],
    [
      'a buffer that ends beyond memory',
      (m) => {
        writeDesc(m, 0, MEMORY_BYTES - 4, 5, 0, 0);
        offer(m, 0);
      },
      /cannot read the 5 bytes at 0x1fffc/,
    ],
    [
      'a length that wraps 32-bit arithmetic',
      (m) => {
        writeDesc(m, 0, 0x2000, 0xffff_ffff, WRITE, 0);
        offer(m, 0);
      },
      /cannot write the 4294967295 bytes/,
    ],
    [
      'an address beyond 2^52',
      (m) => {
        writeDesc(m, 0, FAR, 1, 0, 0);
        offer(m, 0);
      },
      /cannot read the 1 bytes at 0x10000000000000/,
    ],
    [
      'an address of 2^64 - 1',
      (m) => {
        writeDesc(m, 0, { low: 0xffff_ffff, high: 0xffff_ffff }, 1, 0, 0);
        offer(m, 0);
      },
      /cannot read the 1 bytes/,
    ],
    [
      'an address beyond 2^52 that memory would reach',
      (m) => {
        m.reaches = () => true;
        writeDesc(m, 0, FAR, 1, 0, 0);
        offer(m, 0);
      },
      /cannot read the 1 bytes at 0x10000000000000/,
    ],
    [
      'an indirect table of no descriptor',
      (m) => {
        writeDesc(m, 0, TABLE, 0, INDIRECT, 0);
        offer(m, 0);
      },
      /table of 0 bytes does not consist/,
    ],
    [
      'an indirect table of a descriptor and a half',
      (m) => {
        writeDesc(m, 0, TABLE, 24, INDIRECT, 0);
        offer(m, 0);
      },
      /table of 24 bytes does not consist/,
    ],
    [
      'an indirect table of 1,025 descriptors',
      (m) => {
        writeDesc(m, 0, TABLE, 1025 * 16, INDIRECT, 0);
        offer(m, 0);
      },
      /more than the 1024 descriptors/,
    ],
    [
      'an indirect table beyond memory',
      (m) => {
        writeDesc(m, 0, MEMORY_BYTES - 16, 32, INDIRECT, 0);
        offer(m, 0);
      },
      /cannot read the 32 bytes/,
    ],
    [
      'an indirect table that is not aligned',
      (m) => {
        writeDesc(m, 0, TABLE + 2, 16, INDIRECT, 0);
        offer(m, 0);
      },
      /not at a multiple of 4/,
    ],
    [
      'both INDIRECT and NEXT',
      (m) => {
        writeDesc(m, 0, TABLE, 16, INDIRECT | NEXT, 1);
        offer(m, 0);
      },
      /both indirect and chained/,
    ],
    [
      'a table in a table',
      (m) => {
        writeDesc(m, 0, TABLE, 16, INDIRECT, 0);
        writeDesc(m, TABLE, TABLE + 16, 16, INDIRECT, 0);
        offer(m, 0);
      },
      /table refers to an indirect table/,
    ],
    [
      'a table that refers to itself (the bug of v86)',
      (m) => {
        writeDesc(m, 0, TABLE, 16, INDIRECT, 0);
        writeDesc(m, TABLE, TABLE, 16, INDIRECT, 0);
        offer(m, 0);
      },
      /table refers to an indirect table/,
    ],
    [
      'a loop in a table',
      (m) => {
        writeDesc(m, 0, TABLE, 32, INDIRECT, 0);
        writeDesc(m, TABLE, 0x2000, 0, NEXT, 1);
        writeDesc(m, TABLE + 16, 0x2000, 0, NEXT, 0);
        offer(m, 0);
      },
      /longer than its indirect table, 2: it has a loop/,
    ],
    [
      'a next beyond a table',
      (m) => {
        writeDesc(m, 0, TABLE, 32, INDIRECT, 0);
        writeDesc(m, TABLE, 0x2000, 8, NEXT, 2);
        offer(m, 0);
      },
      /next is 2, in an indirect table of 2/,
    ],
  ];

  test.each(cases)(
    'makes available %s: a RingError, and the queue stays broken',
    (_, act, rule) => {
      const { queue, memory, chain } = setUp();
      writeDesc(memory, 0, 0x2000, 8, 0, 0);
      act(memory);
      const takeAll = (): void => {
        while (queue.next(chain)) {
          // The next one.
        }
      };
      expect(takeAll).toThrow(RingError);
      expect(takeAll).toThrow(rule);
      expect(() => queue.put(0, 0)).toThrow(rule);
      expect(() => queue.publish()).toThrow(rule);
      expect(() => queue.enableNotifications()).toThrow(rule);
      expect(() => queue.disableNotifications()).toThrow(rule);
    },
  );

  test('2.7.5.3.1: an indirect descriptor without INDIRECT_DESC is refused', () => {
    const { queue, memory, chain } = setUp({ indirect: false });
    writeDesc(memory, 0, TABLE, 16, INDIRECT, 0);
    offer(memory, 0);
    expect(() => queue.next(chain)).toThrow(/was not negotiated/);
  });

  test('2.7.4.1: a chain of more buffers than the device takes is refused', () => {
    const { queue, memory } = setUp();
    writeDesc(memory, 0, 0x2000, 8, NEXT, 1);
    writeDesc(memory, 16, 0x2000, 8, 0, 0);
    offer(memory, 0);
    expect(() => queue.next(new Chain(1))).toThrow(/more than the 1 buffers/);
  });

  test('2.7.5.2: a chain of more than 2^32 bytes is refused, one of as many is not', () => {
    for (const [last, rule] of [
      [1, ''],
      [2, 'more than 2^32 bytes'],
    ] as const) {
      const { queue, memory, chain } = setUp();
      memory.reaches = () => true;
      writeDesc(memory, 0, 0x2000, 0xffff_ffff, NEXT, 1);
      writeDesc(memory, 16, 0x2000, last, 0, 0);
      offer(memory, 0);
      if (rule === '') {
        expect(queue.next(chain)).toBe(true);
      } else {
        expect(() => queue.next(chain)).toThrow(rule);
      }
    }
  });

  test('a buffer to write must be writable, one to read readable', () => {
    const { queue, memory, chain } = setUp();
    const asked: unknown[] = [];
    memory.reaches = (...range: unknown[]) => {
      asked.push(range);
      return true;
    };
    writeDesc(memory, 0, 0x2000, 8, NEXT, 1);
    writeDesc(memory, 16, 0x3000, 9, WRITE, 0);
    offer(memory, 0);
    queue.next(chain);
    expect(asked).toEqual([
      [0x2000, 8, false],
      [0x3000, 9, true],
    ]);
  });

  test('what it changes after a field was copied does not matter: each is loaded once', () => {
    const memory = new CountingMemory(new ArrayBuffer(MEMORY_BYTES));
    const queue = new SplitDeviceQueue(memory, setup, plain);
    writeDesc(memory, 0, 0x2000, 8, NEXT, 1);
    writeDesc(memory, 16, TABLE, 32, INDIRECT, 0);
    writeDesc(memory, TABLE, 0x2000, 8, NEXT, 1);
    writeDesc(memory, TABLE + 16, 0x2000, 8, WRITE, 0);
    offer(memory, 0);
    memory.loads.clear();
    queue.next(newChain());
    expect([...memory.loads.values()].every((count) => count === 1)).toBe(true);
    expect(memory.loads.size).toBe(2 + 4 * 4);
  });
});
