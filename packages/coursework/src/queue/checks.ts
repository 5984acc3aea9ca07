/** What the device half of a split virtqueue is checked for: VIRTIO 1.3 §2.7, and what no driver may do to it. */
import { descFlags, MAX_INDIRECT, RingError } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { sceneChecks } from '../gpu/checks.ts';
import { ownParts, type QueuePart } from '../part.ts';
import { BUFFER, MockDriver, RAM_BYTES, SIZE, TABLE, type MockOptions } from './mock-driver.ts';

const { NEXT, WRITE, INDIRECT } = descFlags;
/** An address that memory does not reach. */
const FAR = { low: 0, high: 0x10_0000 };

function check(
  section: string,
  name: string,
  title: string,
  body: (driver: MockDriver) => void,
  options: MockOptions = {},
): Check<QueuePart> {
  return {
    ...{ id: `virtio-1.3/${section}/${name}`, clause: `VIRTIO 1.3 §${section}`, title },
    run: (part) => {
      body(new MockDriver(part, options));
    },
  };
}

function mustBe(what: string, expected: unknown, seen: unknown): void {
  const [wanted, found] = [JSON.stringify(expected), JSON.stringify(seen)];
  if (wanted !== found) {
    throw new Mismatch(`${what} to be ${wanted}`, found);
  }
}

function mustTake({ queue, chain }: MockDriver): void {
  mustBe('next', true, queue.next(chain));
}

/** What a driver does that no driver may. Afterwards the queue is broken, and stays so. */
function hostile(
  section: string,
  name: string,
  title: string,
  does: (driver: MockDriver) => void,
  options: MockOptions = {},
): Check<QueuePart> {
  const body = (driver: MockDriver): void => {
    does(driver);
    for (const again of ['', ', and asked again']) {
      mustBreak(`${title.replace(/\.$/, '')}${again}`, driver);
    }
  };
  return check(section, `refuses-${name}`, `Refused: ${title}`, body, options);
}

/**
 * Takes chains until the rule is broken; each ends somewhere.
 * @param returns  whether each is given back at once.
 */
function mustBreak(what: string, { queue, chain }: MockDriver, returns = false): void {
  const expected = `RingError: ${what}`;
  try {
    for (let taken = 0; taken <= SIZE; taken++) {
      if (!queue.next(chain)) {
        throw new Mismatch(expected, `${taken} chains were taken, and nothing was said`);
      }
      if (returns) {
        queue.put(chain.id, 0);
      }
    }
  } catch (error) {
    if (error instanceof RingError) {
      return;
    }
    throw error instanceof Mismatch ? error : new Mismatch(expected, String(error));
  }
  throw new Mismatch(expected, `more chains than the queue has entries`);
}

const layoutChecks: readonly Check<QueuePart>[] = [
  check('2.7.6', 'empty', 'With idx where it was, there is no chain.', ({ queue, chain }) => {
    mustBe('next', false, queue.next(chain));
  }),
  check(
    '2.7.5',
    'chain',
    'A chain is followed by NEXT, and ends where it is not set.',
    (driver) => {
      driver.describe(1, { address: 0x6000, bytes: 24, flags: NEXT, next: 3 });
      driver.describe(3, { address: 0x7000, bytes: 40, flags: NEXT, next: 0 });
      driver.describe(0, { address: 0x8000, bytes: 16, flags: WRITE, next: 2 });
      driver.offer(1);
      mustTake(driver);
      mustBe('the id', 1, driver.chain.id);
      const buffers = [
        [0x6000, 24, false],
        [0x7000, 40, false],
        [0x8000, 16, true],
      ];
      mustBe('the buffers', buffers, driver.buffers);
      mustBe('next', false, driver.queue.next(driver.chain));
    },
  ),
  check('2.7.5', 'longest', 'A chain may be as long as the queue.', (driver) => {
    for (let index = 0; index < SIZE; index++) {
      const last = index === SIZE - 1;
      driver.describe(index, { flags: last ? WRITE : NEXT, next: index + 1 });
    }
    driver.offer(0);
    mustTake(driver);
    mustBe('the buffers', SIZE, driver.chain.count);
  }),
  check('2.7.5', 'at-end', 'A buffer may end where memory ends.', (driver) => {
    driver.describe(0, { address: RAM_BYTES - 16, bytes: 16, flags: WRITE });
    driver.offer(0);
    mustTake(driver);
    mustBe('the buffers', [[RAM_BYTES - 16, 16, true]], driver.buffers);
  }),
  check('2.7.5.3', 'table-place', 'A table need not be aligned as descriptors are.', (driver) => {
    driver.describe(2, { address: TABLE + 4, bytes: 16, flags: INDIRECT });
    driver.describeIndirect(0, { bytes: 8, flags: WRITE }, 4);
    driver.offer(2);
    mustTake(driver);
    mustBe('the buffers', [[BUFFER, 8, true]], driver.buffers);
  }),
  check('2.7.5.3', 'indirect', 'A chain goes on in an indirect table.', (driver) => {
    driver.describe(2, { address: TABLE, bytes: 48, flags: INDIRECT });
    driver.describeIndirect(0, { address: 0x6000, bytes: 8, flags: NEXT, next: 2 });
    driver.describeIndirect(2, { address: 0x7000, bytes: 9, flags: WRITE });
    driver.offer(2);
    mustTake(driver);
    const buffers = [
      [0x6000, 8, false],
      [0x7000, 9, true],
    ];
    mustBe('the buffers', buffers, driver.buffers);
  }),
  check('2.7.5.3.2', 'write-ignored', 'WRITE is ignored in what refers to a table.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT | WRITE });
    driver.describeIndirect(0, { bytes: 8 });
    driver.offer(0);
    mustTake(driver);
    mustBe('the buffers', [[BUFFER, 8, false]], driver.buffers);
  }),
  check('2.7.5.3.2', 'after-direct', 'A table may stand behind normal descriptors.', (driver) => {
    driver.describe(0, { bytes: 8, flags: NEXT, next: 1 });
    driver.describe(1, { address: TABLE, bytes: 16, flags: INDIRECT });
    driver.describeIndirect(0, { bytes: 9, flags: WRITE });
    driver.offer(0);
    mustTake(driver);
    mustBe(
      'the lengths',
      [8, 9],
      driver.buffers.map(([, bytes]) => bytes),
    );
  }),
  check('2.7.6', 'order', 'Chains come in the order of the available ring.', (driver) => {
    driver.offer(3, 1, 2);
    const ids = [0, 1, 2].map(() => {
      mustTake(driver);
      return driver.chain.id;
    });
    mustBe('the ids', [3, 1, 2], ids);
  }),
  {
    id: 'virtio-1.3/2.7.6/already-there',
    clause: 'VIRTIO 1.3 §2.7.6',
    title: 'A chain that was offered before the queue was set up is there.',
    run: (part) => {
      const driver = new MockDriver(part, {}, { used: 0, offered: 1 });
      mustTake(driver);
      mustBe('the id', 0, driver.chain.id);
      mustBe('next', false, driver.queue.next(driver.chain));
    },
  },
  check(
    '2.7.6',
    'acquires-idx',
    'idx is read before the entry that it tells of: with acquire, or a fence behind it.',
    (driver) => {
      driver.offer(0);
      mustTake(driver);
      const { availIdx, availEntry } = driver.places;
      const [acquired, fenced] = [driver.lastOf('acquire', availIdx), driver.lastOf('fence', -1)];
      const [idx, entry] = [driver.lastOf('load', availIdx), driver.lastOf('load', availEntry(0))];
      if (!(idx < entry && (acquired >= idx || (fenced > idx && fenced < entry)))) {
        throw new Mismatch('a load of idx, ordered before the load of the entry', 'no such order');
      }
    },
  ),
  {
    id: 'virtio-1.3/2.7.8/goes-on',
    clause: 'VIRTIO 1.3 §2.7.8',
    title: 'A queue that another device has used goes on where that one stopped.',
    run: (part) => {
      const driver = new MockDriver(part, {}, { used: 7, offered: 7 });
      mustBe('publish', false, driver.queue.publish());
      mustBe('publish', true, driver.useOne(2, 6));
      mustBe('idx', 8, driver.usedIdx);
      mustBe('the entry', [2, 6], driver.used(7));
    },
  },
  check(
    '2.7.8',
    'used',
    'Used entries hold the head and the bytes that were written.',
    (driver) => {
      driver.offer(3, 1);
      mustTake(driver);
      mustTake(driver);
      driver.queue.put(1, 16);
      driver.queue.put(3, 12);
      mustBe('idx before it is published', 0, driver.usedIdx);
      driver.queue.publish();
      mustBe('idx', 2, driver.usedIdx);
      mustBe('the first entry', [1, 16], driver.used(0));
      mustBe('the second entry', [3, 12], driver.used(1));
    },
  ),
  check('2.7.8', 'round', 'Behind the last entry of the used ring comes the first.', (driver) => {
    for (const head of [0, 1, 2, 3, 2]) {
      driver.useOne(head, head + 1);
    }
    mustBe('idx', 5, driver.usedIdx);
    mustBe('the first entry', [2, 3], driver.used(0));
    mustBe('the second entry', [1, 2], driver.used(1));
  }),
  check('2.7.13.3', 'wraps', 'idx runs freely, and wraps at 65536.', (driver) => {
    for (let count = 0; count < 65_536 + 3; count++) {
      driver.useOne(count % SIZE, 1);
    }
    mustBe('idx', 3, driver.usedIdx);
    mustBe('the last entry', [2, 1], driver.used(2));
  }),
  check('2.7.8.2', 'len-before-idx', 'An entry is written before idx is moved.', (driver) => {
    driver.useOne(0, 5);
    const { usedIdx, usedLen } = driver.places;
    const entry = driver.lastOf('store', usedLen(0));
    const idx = driver.lastOf('store', usedIdx);
    if (entry < 0 || idx < 0 || entry > idx) {
      throw new Mismatch('a store of len, and then a store of idx', 'another order');
    }
  }),
  check(
    '2.7.13.4',
    'reads-once',
    'What the driver may change meanwhile is read once: idx per look, a descriptor per chain.',
    (driver) => {
      driver.offer(0);
      mustTake(driver);
      const at = driver.places.descriptor(0);
      for (const field of [0, 4, 8, 12]) {
        const loads = driver.loadsOf(at + field);
        if (loads > 1) {
          throw new Mismatch(`one load of the descriptor's word at ${field}`, String(loads));
        }
      }
    },
  ),
  check('2.7.5.1', 'table-untouched', 'Nothing is written to the descriptor table.', (driver) => {
    driver.offer(0, 1);
    mustTake(driver);
    driver.queue.put(0, 16);
    driver.queue.publish();
    for (let word = 0; word < 4 * SIZE; word++) {
      const at = driver.places.descriptor(0) + 4 * word;
      if (driver.lastOf('store', at) >= 0) {
        throw new Mismatch('no store to the descriptor table', `one at its byte ${4 * word}`);
      }
    }
  }),
];

const notificationChecks: readonly Check<QueuePart>[] = [
  check('2.7.7.2', 'flags-0', 'Without EVENT_IDX it notifies when flags is 0.', (driver) => {
    driver.usedEvent = 5;
    mustBe('publish', true, driver.useOne());
  }),
  check('2.7.7.2', 'flags-1', 'Without EVENT_IDX it does not when flags is 1.', (driver) => {
    driver.availFlags = 1;
    mustBe('publish', false, driver.useOne());
  }),
  check('2.7.7.2', 'nothing-new', 'It does not notify when nothing was used.', (driver) => {
    mustBe('publish', false, driver.queue.publish());
    driver.useOne();
    mustBe('the next publish', false, driver.queue.publish());
  }),
  check(
    '2.7.7.2',
    'used-event',
    'With EVENT_IDX it ignores flags, and notifies when used_event is passed.',
    (driver) => {
      driver.availFlags = 1;
      driver.usedEvent = 1;
      const notified = [driver.useOne(), driver.useOne(1), driver.useOne(2)];
      mustBe('publish, three times', [false, true, false], notified);
    },
    { eventIdx: true },
  ),
  check(
    '2.7.7.2',
    'used-event-in-batch',
    'A batch that passes used_event in its middle notifies.',
    (driver) => {
      driver.usedEvent = 1;
      driver.offer(0, 1, 2);
      while (driver.queue.next(driver.chain)) {
        driver.queue.put(driver.chain.id, 0);
      }
      mustBe('publish', true, driver.queue.publish());
    },
    { eventIdx: true },
  ),
  check(
    '2.7.7.2',
    'used-event-wraps',
    'used_event is compared modulo 65536.',
    (driver) => {
      for (let count = 0; count < 65_535; count++) {
        driver.useOne(count % SIZE);
      }
      driver.usedEvent = 0xffff;
      mustBe('publish past 65535', true, driver.useOne());
      mustBe('publish past 0', false, driver.useOne());
    },
    { eventIdx: true },
  ),
  check(
    '2.7.7.2',
    'fence',
    'The driver sees idx before it is asked whether it wants to know: else both would wait.',
    (driver) => {
      driver.useOne();
      const { usedIdx, availFlags } = driver.places;
      const order = [
        driver.lastOf('store', usedIdx),
        driver.lastOf('fence', -1),
        driver.lastOf('load', availFlags),
      ];
      if (!(order[0] >= 0 && order[0] < order[1] && order[1] < order[2])) {
        throw new Mismatch('a store of idx, a fence, a load of flags', 'another order');
      }
    },
  ),
  check('2.7.10.2', 'no-notify', 'Without EVENT_IDX used flags is 1 or 0.', (driver) => {
    driver.queue.disableNotifications();
    mustBe('flags', 1, driver.usedFlags);
    mustBe('enableNotifications', true, driver.queue.enableNotifications());
    mustBe('flags', 0, driver.usedFlags);
    mustBe('avail_event', 0, driver.availEvent);
  }),
  check(
    '2.7.10.2',
    'avail-event',
    'With EVENT_IDX flags stays 0, and avail_event names the next entry.',
    (driver) => {
      driver.useOne();
      driver.queue.disableNotifications();
      mustBe('flags', 0, driver.usedFlags);
      mustBe('enableNotifications', true, driver.queue.enableNotifications());
      mustBe('flags', 0, driver.usedFlags);
      mustBe('avail_event', 1, driver.availEvent);
    },
    { eventIdx: true },
  ),
  ...[false, true].map((eventIdx) =>
    check(
      '2.7.10',
      `looks-again-${eventIdx ? 'event-idx' : 'flags'}`,
      'Who asks to be notified is told of a chain that came meanwhile.',
      (driver) => {
        driver.offer(0);
        mustBe('enableNotifications', false, driver.queue.enableNotifications());
        mustTake(driver);
        mustBe('enableNotifications', true, driver.queue.enableNotifications());
      },
      { eventIdx },
    ),
  ),
];

const inOrderChecks: readonly Check<QueuePart>[] = [
  check(
    '2.7.9',
    'in-order',
    'With IN_ORDER a chain that is returned before its turn waits.',
    (driver) => {
      driver.offer(2, 0);
      mustTake(driver);
      mustTake(driver);
      driver.queue.put(0, 5);
      driver.queue.publish();
      mustBe('idx', 0, driver.usedIdx);
      driver.queue.put(2, 4);
      driver.queue.publish();
      mustBe('idx', 2, driver.usedIdx);
    },
    { inOrder: true },
  ),
];

const hostileChecks: readonly Check<QueuePart>[] = [
  check(
    '2.7.13',
    'refuses-idx-too-far',
    'Refused: idx moves by more than the queue has.',
    (driver) => {
      driver.offer(0, 1, 2, 3, 0);
      mustBreak('idx moves by more than the queue has', driver, true);
      mustBreak('idx moves by more than the queue has, and asked again', driver);
    },
  ),
  hostile('2.7.6', 'idx-back', 'idx goes back.', (driver) => {
    driver.setAvailIdx(0xffff);
  }),
  hostile('2.7.6', 'head-beyond', 'A head is beyond the table.', (driver) => {
    driver.offer(SIZE);
  }),
  hostile('2.7.13.1', 'head-twice', 'A head is made available twice.', (driver) => {
    driver.offer(0, 0);
  }),
  hostile('2.7.5', 'next-beyond', 'A next is beyond the table.', (driver) => {
    driver.describe(0, { flags: NEXT, next: SIZE });
    driver.offer(0);
  }),
  hostile('2.7.5.2', 'loop-of-one', 'A descriptor names itself.', (driver) => {
    driver.describe(0, { flags: NEXT, next: 0 });
    driver.offer(0);
  }),
  hostile('2.7.5.2', 'loop', 'A chain is a loop of empty buffers.', (driver) => {
    for (let index = 0; index < SIZE; index++) {
      driver.describe(index, { bytes: 0, flags: NEXT, next: (index + 1) % SIZE });
    }
    driver.offer(0);
  }),
  hostile('2.7.4.2', 'read-after-write', 'A buffer to read follows one to write.', (driver) => {
    driver.describe(0, { flags: NEXT | WRITE, next: 1 });
    driver.describe(1, {});
    driver.offer(0);
  }),
  hostile(
    '2.7.5.2',
    'chain-of-4-gib',
    'A chain of more than 2^32 bytes.',
    (driver) => {
      for (const index of [0, 1, 2]) {
        const flags = index < 2 ? NEXT : 0;
        driver.describe(index, { bytes: 0x8000_0000, flags, next: index + 1 });
      }
      driver.offer(0);
    },
    { vast: true },
  ),
  hostile('2.7.5', 'beyond-memory', 'A buffer ends beyond memory.', (driver) => {
    driver.describe(0, { address: 0x1_fffc, bytes: 5 });
    driver.offer(0);
  }),
  hostile('2.7.5', 'length-wraps', 'A length wraps 32-bit arithmetic.', (driver) => {
    driver.describe(0, { bytes: 0xffff_ffff, flags: WRITE });
    driver.offer(0);
  }),
  hostile('2.7.5', 'address-64-bits', 'An address has bits above the memory.', (driver) => {
    driver.describe(0, { address: FAR, bytes: 1 });
    driver.offer(0);
  }),
  hostile(
    '2.7.5.3.1',
    'indirect-unasked',
    'An indirect table without INDIRECT_DESC.',
    (driver) => {
      driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT });
      driver.offer(0);
    },
    { indirect: false },
  ),
  hostile('2.7.5.3.1', 'indirect-and-next', 'Both INDIRECT and NEXT.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT | NEXT, next: 1 });
    driver.offer(0);
  }),
  hostile('2.7.5.3.1', 'table-in-table', 'An indirect table within another.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT });
    driver.describeIndirect(0, { address: TABLE, bytes: 16, flags: INDIRECT });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-empty', 'An indirect table of nothing.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 0, flags: INDIRECT });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-cut', 'An indirect table of a descriptor and a half.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 24, flags: INDIRECT });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-next', "A table's next is beyond the table.", (driver) => {
    driver.describe(0, { address: TABLE, bytes: 32, flags: INDIRECT });
    driver.describeIndirect(0, { flags: NEXT, next: 2 });
    driver.offer(0);
  }),
  hostile('2.7.5.2', 'table-loop', 'An indirect table is a loop.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 32, flags: INDIRECT });
    driver.describeIndirect(0, { bytes: 0, flags: NEXT, next: 1 });
    driver.describeIndirect(1, { bytes: 0, flags: NEXT, next: 0 });
    driver.offer(0);
  }),
  hostile('2.7.5.3', 'table-huge', 'An indirect table that is longer than any.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: (MAX_INDIRECT + 1) * 16, flags: INDIRECT });
    driver.offer(0);
  }),
];

/** In a backend, with this project's own driver at the other end. */
const stacks = (['event-idx', 'interrupt', 'poll'] as const).flatMap((notify) =>
  sceneChecks<QueuePart>({ stack: `pv:notify=${notify}`, own: ownParts }, ['triangle']).map(
    (each) => ({ ...each, id: `${each.id}/${notify}`, clause: 'VIRTIO 1.3 §2.7' }),
  ),
);

export const queueChecks: readonly Check<QueuePart>[] = [
  ...layoutChecks,
  ...notificationChecks,
  ...inOrderChecks,
  ...hostileChecks,
  ...stacks,
];
