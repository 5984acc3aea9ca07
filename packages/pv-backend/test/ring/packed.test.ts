import { Chain, RingError, type LinearMemory, type RingOptions } from '@doorbell/abi';
import { describe, expect, test } from 'vitest';
import { PackedDeviceQueue } from '../../src/ring/packed.ts';
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

/** A queue of 4: the descriptor ring at 0, then the driver's and the device's event structure. */
const setup = { size: 4, descriptors: 0, driver: 0x40, device: 0x44 };
const DRIVER_EVENT = 0x40;
const DEVICE_EVENT = 0x44;
const TABLE = 0x1000;

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const AVAIL = 0x80;
const USED = 0x8000;

const plain: RingOptions = { indirect: true, eventIdx: false, inOrder: false };

function setUp(options: Partial<RingOptions> = {}): {
  queue: PackedDeviceQueue;
  memory: LinearMemory;
  chain: Chain;
} {
  const memory = newMemory();
  const queue = new PackedDeviceQueue(memory, setup, { ...plain, ...options });
  return { queue, memory, chain: newChain() };
}

/** As a driver would: a list of one buffer of 16 bytes for the device to write. */
function offer(memory: LinearMemory, place: number, id: number, lap: number = AVAIL): void {
  writeDesc(memory, 16 * place, 0x2000, 16, id, WRITE | lap);
}

describe('golden bytes', () => {
  test('2.8.13, 2.8.6: a list of three; the id is in the last', () => {
    const { queue, memory, chain } = setUp();
    setBytes(
      memory,
      0,
      `00 60 00 00 00 00 00 00  18 00 00 00  ff ff  81 00
       00 70 00 00 00 00 00 00  28 00 00 00  ff ff  81 00
       00 80 00 00 00 00 00 00  10 00 00 00  02 00  82 00`,
    );
    expect(queue.next(chain)).toBe(true);
    expect(chain.id).toBe(2);
    expect(buffersOf(chain)).toEqual([
      [0x6000, 24, false],
      [0x7000, 40, false],
      [0x8000, 16, true],
    ]);
    expect(queue.next(chain)).toBe(false);
    expect(queue.descriptors).toBe(3);
  });

  test('2.8.7: an indirect list of two; no flag of the table but WRITE counts, nor its ids', () => {
    const { queue, memory, chain } = setUp();
    // WRITE is ignored in a descriptor that refers to a table.
    setBytes(memory, 0, '00 10 00 00 00 00 00 00  20 00 00 00  01 00  86 00');
    setBytes(
      memory,
      TABLE,
      `00 70 00 00 00 00 00 00  28 00 00 00  ff ff  fd ff
       00 80 00 00 00 00 00 00  10 00 00 00  ff ff  ff ff`,
    );
    expect(queue.next(chain)).toBe(true);
    expect(chain.id).toBe(1);
    expect(buffersOf(chain)).toEqual([
      [0x7000, 40, false],
      [0x8000, 16, true],
    ]);
    expect(queue.descriptors).toBe(3);
  });

  test('2.8.3, 2.8.4: used lists; the flags of the first descriptor come last, by publish', () => {
    const { queue, memory, chain } = setUp();
    writeDesc(memory, 0, 0x2000, 16, 3, NEXT | AVAIL);
    writeDesc(memory, 16, 0x2000, 16, 3, WRITE | AVAIL);
    writeDesc(memory, 32, 0x2000, 16, 1, WRITE | AVAIL);
    queue.next(chain);
    queue.next(chain);
    queue.put(1, 12);
    expect(bytesAt(memory, 14, 2)).toBe(hex('81 00'));
    queue.put(3, 0);
    expect(bytesAt(memory, 14, 2)).toBe(hex('81 00'));
    expect(queue.publish()).toBe(true);
    // The first lies where the first list began, the second one list of one further.
    expect(bytesAt(memory, 8, 8)).toBe(hex('0c 00 00 00  01 00  82 80'));
    expect(bytesAt(memory, 24, 8)).toBe(hex('00 00 00 00  03 00  80 80'));
  });
});

describe('§2.8.1 wrap counters', () => {
  test('2.8.1: a list may go around the end of the ring, and the laps differ in their flags', () => {
    const { queue, memory, chain } = setUp();
    for (const [place, id] of [
      [0, 0],
      [1, 1],
      [2, 2],
    ] as const) {
      offer(memory, place, id);
      expect(queue.next(chain)).toBe(true);
      queue.put(id, 1);
      queue.publish();
    }
    writeDesc(memory, 48, 0x2000, 16, 0, NEXT | AVAIL);
    writeDesc(memory, 0, 0x2000, 16, 0, WRITE | USED);
    expect(queue.next(chain)).toBe(true);
    expect(chain.count).toBe(2);
    queue.put(0, 4);
    queue.publish();
    expect(bytesAt(memory, 56, 8)).toBe(hex('04 00 00 00  00 00  82 80'));
    // Place 1 still has what was used in the lap before.
    expect(queue.next(chain)).toBe(false);
    offer(memory, 1, 1, USED);
    expect(queue.next(chain)).toBe(true);
    queue.put(1, 0);
    queue.publish();
    expect(bytesAt(memory, 24, 8)).toBe(hex('00 00 00 00  01 00  00 00'));
  });

  test('2.8.15: a descriptor of zeros is not available', () => {
    const { queue, chain } = setUp();
    expect(queue.next(chain)).toBe(false);
  });
});

describe('what a driver may do', () => {
  test('2.8.7: a table of 1,024 descriptors, longer than the queue', () => {
    const { queue, memory, chain } = setUp();
    for (let i = 0; i < 1024; i++) {
      writeDesc(memory, TABLE + 16 * i, i, 1, 0, 0);
    }
    writeDesc(memory, 0, TABLE, 16 * 1024, 0, INDIRECT | AVAIL);
    expect(queue.next(chain)).toBe(true);
    expect([chain.count, chain.addresses[1023]]).toEqual([1024, 1023]);
  });

  test('a list as long as the queue, and an empty buffer, which no section forbids', () => {
    const { queue, memory, chain } = setUp();
    for (let place = 0; place < 4; place++) {
      writeDesc(memory, 16 * place, 0x2000, place, 0, AVAIL | (place < 3 ? NEXT : 0));
    }
    expect(queue.next(chain)).toBe(true);
    expect([...chain.lengths.subarray(0, 4)]).toEqual([0, 1, 2, 3]);
    expect(queue.next(chain)).toBe(false);
  });
});

describe('§2.8.10 event suppression', () => {
  function useOne(all: ReturnType<typeof setUp>, place: number, lap: number = AVAIL): boolean {
    offer(all.memory, place, 0, lap);
    all.queue.next(all.chain);
    all.queue.put(0, 0);
    return all.queue.publish();
  }

  test('2.8.10: ENABLE notifies, DISABLE does not', () => {
    const all = setUp();
    expect(useOne(all, 0)).toBe(true);
    all.memory.store16(DRIVER_EVENT + 2, 1);
    expect(useOne(all, 1)).toBe(false);
    expect(all.queue.suppressed).toBe(1);
    expect(all.queue.publish()).toBe(false);
    expect(all.queue.suppressed).toBe(1);
  });

  test('2.8.10: DESC is only valid with EVENT_IDX; without it a notification is safe', () => {
    const all = setUp();
    all.memory.store32(DRIVER_EVENT, 0x0002_8003);
    expect(useOne(all, 0)).toBe(true);
  });

  test('2.8.10: DESC notifies when the descriptor with that offset and wrap is passed', () => {
    const all = setUp({ eventIdx: true });
    all.memory.store32(DRIVER_EVENT, 0x0002_8003);
    expect([0, 1, 2, 3].map((place) => useOne(all, place))).toEqual([false, false, false, true]);
    all.memory.store32(DRIVER_EVENT, 0x0002_0001);
    expect([0, 1, 2].map((place) => useOne(all, place, USED))).toEqual([false, true, false]);
  });

  test('2.8.10: a batch that passes the descriptor in its middle notifies', () => {
    const { queue, memory, chain } = setUp({ eventIdx: true });
    memory.store32(DRIVER_EVENT, 0x0002_8001);
    [0, 1, 2].forEach((place) => offer(memory, place, place));
    while (queue.next(chain)) {
      queue.put(chain.id, 0);
    }
    expect(queue.publish()).toBe(true);
  });

  test('2.8.14: the device event suppression structure without EVENT_IDX', () => {
    const { queue, memory } = setUp();
    queue.disableNotifications();
    expect(bytesAt(memory, DEVICE_EVENT, 4)).toBe(hex('00 00 01 00'));
    expect(queue.enableNotifications()).toBe(true);
    expect(bytesAt(memory, DEVICE_EVENT, 4)).toBe(hex('00 00 00 00'));
  });

  test('2.8.14: with EVENT_IDX it names the next available descriptor and its wrap counter', () => {
    const all = setUp({ eventIdx: true });
    const { queue, memory } = all;
    queue.enableNotifications();
    expect(bytesAt(memory, DEVICE_EVENT, 4)).toBe(hex('00 80 02 00'));
    useOne(all, 0);
    queue.enableNotifications();
    expect(bytesAt(memory, DEVICE_EVENT, 4)).toBe(hex('01 80 02 00'));
    [1, 2, 3].forEach((place) => useOne(all, place));
    queue.enableNotifications();
    expect(bytesAt(memory, DEVICE_EVENT, 4)).toBe(hex('00 00 02 00'));
  });

  test('enabling says when a list was made available meanwhile', () => {
    for (const eventIdx of [false, true]) {
      const { queue, memory, chain } = setUp({ eventIdx });
      offer(memory, 0, 0);
      expect(queue.enableNotifications()).toBe(false);
      queue.next(chain);
      expect(queue.enableNotifications()).toBe(true);
    }
  });
});

describe('§2.8.8 in-order use of descriptors', () => {
  test('6.2: a list that is returned before its turn waits', () => {
    const { queue, memory, chain } = setUp({ inOrder: true });
    offer(memory, 0, 2);
    offer(memory, 1, 0);
    queue.next(chain);
    queue.next(chain);
    queue.put(0, 5);
    expect(queue.publish()).toBe(false);
    queue.put(2, 4);
    expect(queue.publish()).toBe(true);
    expect(bytesAt(memory, 8, 8)).toBe(hex('04 00 00 00  02 00  82 80'));
    expect(bytesAt(memory, 24, 8)).toBe(hex('05 00 00 00  00 00  82 80'));
  });

  test('2.8.8: lists that were used completely are skipped; the descriptor names the last', () => {
    const { queue, memory, chain } = setUp({ inOrder: true });
    for (const [place, written] of [16, 16, 3, 16].entries()) {
      offer(memory, place, place);
      queue.next(chain);
      queue.put(chain.id, written);
    }
    const between = bytesAt(memory, 16, 32);
    queue.publish();
    expect(bytesAt(memory, 8, 8)).toBe(hex('03 00 00 00  02 00  82 80'));
    expect(bytesAt(memory, 16, 32)).toBe(between);
    expect(bytesAt(memory, 56, 8)).toBe(hex('10 00 00 00  03 00  82 80'));
  });
});

describe('a device half that breaks its own rules', () => {
  test('is told so: a list that it does not hold, or more bytes than there is room for', () => {
    const { queue, memory, chain } = setUp();
    offer(memory, 0, 0);
    queue.next(chain);
    expect(() => queue.put(1, 0)).toThrow(RangeError);
    expect(() => queue.put(0, 17)).toThrow(RangeError);
    queue.put(0, 16);
    expect(() => queue.put(0, 16)).toThrow(RangeError);
    expect(queue.publish()).toBe(true);
  });
});

describe('a hostile driver', () => {
  const cases: readonly [string, (memory: LinearMemory) => void, RegExp][] = [
    ['an id beyond the queue', (m) => offer(m, 0, 4), /buffer id is 4, in a queue of 4/],
    [
      'an id that is outstanding',
      (m) => {
        offer(m, 0, 1);
        offer(m, 1, 1);
      },
      /buffer id 1 available, which/,
    ],
    [
      'a descriptor of a list that is not available',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, 0, NEXT | AVAIL);
        writeDesc(m, 16, 0x2000, 8, 0, 0);
      },
      /is not available, though the first one is/,
    ],
    [
      'a descriptor of a list with the wrap counter of another lap',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, 0, NEXT | AVAIL);
        writeDesc(m, 16, 0x2000, 8, 0, USED);
      },
      /is not available, though the first one is/,
    ],
    [
      'a list that does not end',
      (m) => {
        for (let place = 0; place < 4; place++) {
          writeDesc(m, 16 * place, 0x2000, 0, 0, NEXT | AVAIL);
        }
      },
      /does not end within the 4 descriptors/,
    ],
    [
      'a list that runs into one that was not used',
      (m) => {
        offer(m, 0, 1);
        for (let place = 1; place < 4; place++) {
          writeDesc(m, 16 * place, 0x2000, 0, 0, NEXT | AVAIL);
        }
      },
      /does not end within/,
    ],
    [
      'a readable buffer after a writable one',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, 0, NEXT | WRITE | AVAIL);
        writeDesc(m, 16, 0x2000, 8, 0, AVAIL);
      },
      /follows one that it writes/,
    ],
    [
      'a readable buffer after a writable one in a table',
      (m) => {
        writeDesc(m, 0, TABLE, 32, 0, INDIRECT | AVAIL);
        writeDesc(m, TABLE, 0x2000, 8, 0, WRITE);
        writeDesc(m, TABLE + 16, 0x2000, 8, 0, 0);
      },
      /follows one that it writes/,
    ],
    [
      'a buffer that ends beyond memory',
      (m) => writeDesc(m, 0, MEMORY_BYTES - 4, 5, 0, AVAIL),
      /cannot read the 5 bytes at 0x1fffc/,
    ],
    [
      'a length that wraps 32-bit arithmetic',
      (m) => writeDesc(m, 0, 0x2000, 0xffff_ffff, 0, WRITE | AVAIL),
      /cannot write the 4294967295 bytes/,
    ],
    [
      'an address beyond 2^52',
      (m) => writeDesc(m, 0, FAR, 1, 0, AVAIL),
      /cannot read the 1 bytes at 0x10000000000000/,
    ],
    [
      'an address beyond 2^52 that memory would reach',
      (m) => {
        m.reaches = () => true;
        writeDesc(m, 0, FAR, 1, 0, AVAIL);
      },
      /cannot read the 1 bytes at 0x10000000000000/,
    ],
    [
      'an indirect table of no descriptor',
      (m) => writeDesc(m, 0, TABLE, 0, 0, INDIRECT | AVAIL),
      /table of 0 bytes does not consist/,
    ],
    [
      'an indirect table of a descriptor and a half',
      (m) => writeDesc(m, 0, TABLE, 24, 0, INDIRECT | AVAIL),
      /table of 24 bytes does not consist/,
    ],
    [
      'an indirect table of 1,025 descriptors',
      (m) => writeDesc(m, 0, TABLE, 1025 * 16, 0, INDIRECT | AVAIL),
      /more than the 1024 descriptors/,
    ],
    [
      'an indirect table beyond memory',
      (m) => writeDesc(m, 0, MEMORY_BYTES - 16, 32, 0, INDIRECT | AVAIL),
      /cannot read the 32 bytes/,
    ],
    [
      'both INDIRECT and NEXT',
      (m) => writeDesc(m, 0, TABLE, 16, 0, INDIRECT | NEXT | AVAIL),
      /both indirect and chained/,
    ],
    [
      'INDIRECT at the end of a list',
      (m) => {
        writeDesc(m, 0, 0x2000, 8, 0, NEXT | AVAIL);
        writeDesc(m, 16, TABLE, 16, 0, INDIRECT | AVAIL);
      },
      /both indirect and chained/,
    ],
    [
      'more bytes than 2^32 (in a table)',
      (m) => {
        m.reaches = () => true;
        writeDesc(m, 0, TABLE, 32, 0, INDIRECT | AVAIL);
        writeDesc(m, TABLE, 0x2000, 0xffff_ffff, 0, 0);
        writeDesc(m, TABLE + 16, 0x2000, 2, 0, 0);
      },
      /more than 2\^32 bytes/,
    ],
  ];

  test.each(cases)(
    'makes available %s: a RingError, and the queue stays broken',
    (_, act, rule) => {
      const { queue, memory, chain } = setUp();
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

  test('2.8.16: a descriptor that the device has not used is not available again', () => {
    const { queue, memory, chain } = setUp();
    for (let place = 0; place < 4; place++) {
      offer(memory, place, place);
      queue.next(chain);
    }
    offer(memory, 0, 0, USED);
    expect(() => queue.next(chain)).toThrow(/that the device has not used/);
  });

  test('2.8.7: a table that refers to itself (the bug of v86) is read once, as buffers', () => {
    const { queue, memory, chain } = setUp();
    writeDesc(memory, 0, TABLE, 16, 0, INDIRECT | AVAIL);
    writeDesc(memory, TABLE, TABLE, 16, 0, INDIRECT);
    expect(queue.next(chain)).toBe(true);
    expect(buffersOf(chain)).toEqual([[TABLE, 16, false]]);
  });

  test('2.8.19: an indirect descriptor without INDIRECT_DESC is refused', () => {
    const { queue, memory, chain } = setUp({ indirect: false });
    writeDesc(memory, 0, TABLE, 16, 0, INDIRECT | AVAIL);
    expect(() => queue.next(chain)).toThrow(/was not negotiated/);
  });

  test('2.8.18: a list of more buffers than the device takes is refused', () => {
    const { queue, memory } = setUp();
    writeDesc(memory, 0, 0x2000, 8, 0, NEXT | AVAIL);
    writeDesc(memory, 16, 0x2000, 8, 0, AVAIL);
    expect(() => queue.next(new Chain(1))).toThrow(/more than the 1 buffers/);
  });

  test('what it changes after a field was copied does not matter: each is loaded once', () => {
    const memory = new CountingMemory(new ArrayBuffer(MEMORY_BYTES));
    const queue = new PackedDeviceQueue(memory, setup, plain);
    writeDesc(memory, 0, 0x2000, 8, 0, NEXT | AVAIL);
    writeDesc(memory, 16, 0x2000, 8, 0, WRITE | AVAIL);
    writeDesc(memory, 32, TABLE, 32, 1, INDIRECT | AVAIL);
    writeDesc(memory, TABLE, 0x2000, 8, 0, 0);
    writeDesc(memory, TABLE + 16, 0x2000, 8, 0, WRITE);
    queue.next(newChain());
    queue.next(newChain());
    expect([...memory.loads.values()].every((count) => count === 1)).toBe(true);
    // Flags and id of a first descriptor are two loads; those of the next are one.
    expect(memory.loads.size).toBe(5 + 4 + 5 + 4 + 4);
  });
});
