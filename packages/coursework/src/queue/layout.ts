/** How chains are found, and returned: VIRTIO 1.3 §2.7.5 to §2.7.9. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { QueuePart } from '../part.ts';
import { buffersOf, mustTake } from '../ring/device-half.ts';
import { mustLoadOnce, mustNotStore, mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { BUFFER, MockDriver, RAM_BYTES, SIZE, TABLE } from './mock-driver.ts';

const { NEXT, WRITE, INDIRECT } = descFlags;

export const layoutChecks: readonly Check<QueuePart>[] = [
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
      mustBe('the buffers', buffers, buffersOf(driver));
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
    mustBe('the buffers', [[RAM_BYTES - 16, 16, true]], buffersOf(driver));
  }),
  check('2.7.5.3', 'table-place', 'A table need not be aligned as descriptors are.', (driver) => {
    driver.describe(2, { address: TABLE + 4, bytes: 16, flags: INDIRECT });
    driver.describeIndirect(0, { bytes: 8, flags: WRITE }, 4);
    driver.offer(2);
    mustTake(driver);
    mustBe('the buffers', [[BUFFER, 8, true]], buffersOf(driver));
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
    mustBe('the buffers', buffers, buffersOf(driver));
  }),
  check('2.7.5.3.2', 'write-ignored', 'WRITE is ignored in what refers to a table.', (driver) => {
    driver.describe(0, { address: TABLE, bytes: 16, flags: INDIRECT | WRITE });
    driver.describeIndirect(0, { bytes: 8 });
    driver.offer(0);
    mustTake(driver);
    mustBe('the buffers', [[BUFFER, 8, false]], buffersOf(driver));
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
      buffersOf(driver).map(([, bytes]) => bytes),
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
      const what = 'a load of idx, ordered before the load of the entry';
      mustOrder(driver.watched, what, ['load', availIdx], ['load', availEntry(0)]);
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
      driver.watched.forget();
      driver.useOne(count % SIZE, 1);
    }
    mustBe('idx', 3, driver.usedIdx);
    mustBe('the last entry', [2, 1], driver.used(2));
  }),
  check('2.7.8.2', 'len-before-idx', 'An entry is written before idx is moved.', (driver) => {
    driver.useOne(0, 5);
    const { usedIdx, usedLen } = driver.places;
    const what = 'a store of len, ordered before the store of idx';
    mustOrder(driver.watched, what, ['store', usedLen(0)], ['store', usedIdx]);
  }),
  check(
    '2.7.13.4',
    'reads-once',
    'What the driver may change meanwhile is read once: idx per look, a descriptor per chain.',
    (driver) => {
      driver.offer(0);
      mustTake(driver);
      mustLoadOnce(driver.watched, 'a descriptor', driver.places.descriptor(0), [0, 4, 8, 12, 14]);
    },
  ),
  check('2.7.5.1', 'table-untouched', 'Nothing is written to the descriptor table.', (driver) => {
    driver.offer(0, 1);
    mustTake(driver);
    driver.queue.put(0, 16);
    driver.queue.publish();
    mustNotStore(driver.watched, 'the descriptor table', driver.places.descriptor(0), 16 * SIZE);
  }),
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
