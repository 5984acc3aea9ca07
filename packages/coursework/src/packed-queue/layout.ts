/** How lists of descriptors are found in a packed ring: VIRTIO 1.3 §2.8.1 to §2.8.7. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedQueuePart } from '../part.ts';
import { buffersOf, mustTake } from '../ring/device-half.ts';
import { mustLoadOnce, mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { BUFFER, RAM_BYTES, SIZE, TABLE, type MockDriver } from './mock-driver.ts';

const { NEXT, WRITE, INDIRECT, AVAIL, USED } = descFlags;

function mustNotTake({ queue, chain }: MockDriver): void {
  mustBe('next', false, queue.next(chain));
}

export const layoutChecks: readonly Check<PackedQueuePart>[] = [
  check('2.8.2', 'empty', 'In a ring of zeroes there is no chain.', mustNotTake),
  check(
    '2.8.15',
    'avail-unchanged',
    'A descriptor is not used before its AVAIL bit has changed, and USED has not.',
    (driver) => {
      for (const flags of [WRITE, WRITE | USED, WRITE | AVAIL | USED]) {
        driver.describe(0, { bytes: 16, flags });
        mustNotTake(driver);
      }
      driver.offer({});
      mustTake(driver);
    },
  ),
  check('2.8.1', 'old-lap', 'What was available a lap ago is not available again.', (driver) => {
    for (let count = 0; count < SIZE; count++) {
      driver.useOne(0, 1);
    }
    driver.describe(0, { flags: AVAIL });
    mustNotTake(driver);
    driver.offer({ id: 2 });
    mustTake(driver);
    mustBe('the id', 2, driver.chain.id);
  }),
  check('2.8.6', 'list', 'A list goes on by NEXT; the last descriptor has its id.', (driver) => {
    driver.offer(
      { address: 0x6000, bytes: 24, id: 1 },
      { address: 0x7000, bytes: 40, id: 2 },
      { address: 0x8000, bytes: 16, id: 3, flags: WRITE },
    );
    mustTake(driver);
    mustBe('the id', 3, driver.chain.id);
    const buffers = [
      [0x6000, 24, false],
      [0x7000, 40, false],
      [0x8000, 16, true],
    ];
    mustBe('the buffers', buffers, buffersOf(driver));
    mustNotTake(driver);
  }),
  check('2.8.6', 'whole-ring', 'A list may be as long as the ring, and again.', (driver) => {
    for (let lap = 0; lap < 3; lap++) {
      driver.offer(...Array.from({ length: SIZE }, () => ({ id: lap })));
      mustTake(driver);
      mustBe('the buffers', SIZE, driver.chain.count);
      mustNotTake(driver);
      driver.queue.put(lap, 0);
      driver.queue.publish();
      mustBe('what the driver sees used', [[lap, 0]], driver.takeUsed());
    }
  }),
  check(
    '2.8.1',
    'list-wraps',
    'A list goes on at the start of the ring, a lap later.',
    (driver) => {
      driver.useOne();
      driver.useOne();
      driver.useOne();
      driver.offer({ address: 0x6000, id: 1 }, { address: 0x7000, id: 1 });
      mustTake(driver);
      mustBe(
        'the addresses',
        [0x6000, 0x7000],
        buffersOf(driver).map(([address]) => address),
      );
    },
  ),
  check(
    '2.8.10.1',
    'any-size',
    'A ring of 5 goes round and round, with lists of 1, 2 and 3 descriptors.',
    (driver) => {
      for (let count = 0; count < 40; count++) {
        const id = count % 5;
        const list = Array.from({ length: 1 + (count % 3) }, () => ({ id, flags: WRITE }));
        driver.offer(...list);
        mustTake(driver);
        mustBe('the buffers', list.length, driver.chain.count);
        driver.queue.put(id, count % 16);
        driver.queue.publish();
        mustBe('what the driver sees used', [[id, count % 16]], driver.takeUsed());
      }
    },
    { size: 5 },
  ),
  check('2.8.4', 'at-end', 'A buffer may end where memory ends.', (driver) => {
    driver.offer({ address: RAM_BYTES - 16, bytes: 16, flags: WRITE });
    mustTake(driver);
    mustBe('the buffers', [[RAM_BYTES - 16, 16, true]], buffersOf(driver));
  }),
  check('2.8.7', 'table', 'An indirect table is one list, all of it, in its order.', (driver) => {
    driver.offer({ address: TABLE, bytes: 48, id: 3, flags: INDIRECT });
    driver.describeIndirect(0, { address: 0x6000, bytes: 8 });
    driver.describeIndirect(1, { address: 0x6800, bytes: 9 });
    driver.describeIndirect(2, { address: 0x7000, bytes: 10, flags: WRITE });
    mustTake(driver);
    mustBe('the id', 3, driver.chain.id);
    const buffers = [
      [0x6000, 8, false],
      [0x6800, 9, false],
      [0x7000, 10, true],
    ];
    mustBe('the buffers', buffers, buffersOf(driver));
    driver.offer({ id: 1 });
    mustTake(driver);
    mustBe('the next id', 1, driver.chain.id);
  }),
  check(
    '2.8.7',
    'table-flags',
    'In a table all flags but WRITE are ignored, and so are its buffer ids.',
    (driver) => {
      driver.offer({ address: TABLE, bytes: 32, id: 2, flags: INDIRECT });
      driver.describeIndirect(0, { bytes: 8, id: 9, flags: INDIRECT | AVAIL });
      driver.describeIndirect(1, { bytes: 9, id: 0xffff, flags: NEXT | WRITE | USED });
      mustTake(driver);
      mustBe('the id', 2, driver.chain.id);
      const buffers = [
        [BUFFER, 8, false],
        [BUFFER, 9, true],
      ];
      mustBe('the buffers', buffers, buffersOf(driver));
    },
  ),
  check('2.8.7', 'write-ignored', 'WRITE is ignored in what refers to a table.', (driver) => {
    driver.offer({ address: TABLE, bytes: 16, flags: INDIRECT | WRITE });
    driver.describeIndirect(0, { bytes: 8 });
    mustTake(driver);
    mustBe('the buffers', [[BUFFER, 8, false]], buffersOf(driver));
  }),
  check('2.8.5', 'mixed', 'Lists with a table and without stand side by side.', (driver) => {
    driver.offer({ bytes: 8, id: 1 }, { bytes: 9, id: 1 });
    driver.offer({ address: TABLE, bytes: 16, id: 2, flags: INDIRECT });
    driver.describeIndirect(0, { bytes: 10 });
    driver.offer({ bytes: 11, id: 3 });
    const lengths = [1, 2, 3].map((id) => {
      mustTake(driver);
      mustBe('the id', id, driver.chain.id);
      return buffersOf(driver).map(([, bytes]) => bytes);
    });
    mustBe('the lengths', [[8, 9], [10], [11]], lengths);
  }),
  check('2.8.12', 'order', 'Lists are taken in the order of the ring.', (driver) => {
    const ids = [3, 1, 2];
    ids.forEach((id) => {
      driver.offer({ id });
    });
    const taken = ids.map(() => {
      mustTake(driver);
      return driver.chain.id;
    });
    mustBe('the ids', ids, taken);
  }),
  check(
    '2.8.2',
    'acquires-flags',
    'Flags are read before what they tell of: with acquire, or a fence behind them.',
    (driver) => {
      driver.offer({});
      mustTake(driver);
      const { flags, len, id } = driver.places;
      for (const at of [len(0), id(0), driver.places.desc(0)]) {
        const what = 'a load of flags, ordered before the loads of the other fields';
        mustOrder(driver.watched, what, ['load', flags(0)], ['load', at]);
      }
    },
  ),
  check(
    '2.8.2',
    'reads-once',
    'What the driver may change meanwhile is read once, in each descriptor of a list.',
    (driver) => {
      driver.offer({}, {});
      mustTake(driver);
      for (const index of [0, 1]) {
        const at = driver.places.desc(index);
        mustLoadOnce(driver.watched, 'a descriptor', at, [0, 4, 8, 12, 14]);
      }
    },
  ),
];
