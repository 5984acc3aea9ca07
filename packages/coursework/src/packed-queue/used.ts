/** How chains are returned in a packed ring: VIRTIO 1.3 §2.8.1, §2.8.3, §2.8.4, §2.8.6 and §2.8.8. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedQueuePart } from '../part.ts';
import { mustTake } from '../ring/device-half.ts';
import { mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE, type MockDriver } from './mock-driver.ts';

const { WRITE, AVAIL, USED } = descFlags;
const BOTH = AVAIL | USED;

/** So many chains of one buffer each, that the device writes. */
function takeMany(driver: MockDriver, count: number): void {
  for (let id = 0; id < count; id++) {
    driver.offer({ id, flags: WRITE });
    mustTake(driver);
  }
}

export const usedChecks: readonly Check<PackedQueuePart>[] = [
  check(
    '2.8.4',
    'used',
    'A used descriptor has the id and the bytes that were written.',
    (driver) => {
      driver.offer({ bytes: 24, id: 3, flags: WRITE });
      mustTake(driver);
      driver.queue.put(3, 12);
      mustBe('whether it is used before it is published', [], driver.takeUsed());
      driver.queue.publish();
      const { id, bytes } = driver.descriptor(0);
      mustBe('id and length', [3, 12], [id, bytes]);
    },
  ),
  check(
    '2.8.1',
    'used-flags',
    'AVAIL and USED are the wrap counter, and both the same.',
    (driver) => {
      const seen: number[] = [];
      for (let count = 0; count < 2 * SIZE; count++) {
        driver.useOne();
        seen.push(driver.descriptor(count % SIZE).flags & BOTH);
      }
      const expected = seen.map((_, index) => (index < SIZE ? BOTH : 0));
      mustBe('the flags of two laps', expected, seen);
    },
  ),
  check('2.8.3', 'write-flag', 'WRITE tells whether anything was written.', (driver) => {
    driver.useOne(0, 5);
    driver.useOne(1, 0);
    const flags = [0, 1].map((index) => driver.descriptor(index).flags & WRITE);
    mustBe('WRITE, of 5 bytes and of none', [WRITE, 0], flags);
  }),
  check(
    '2.8.6',
    'skips',
    'Of a list one descriptor is written, and as many are skipped.',
    (driver) => {
      driver.offer({ id: 1 }, { id: 1 }, { id: 1, flags: WRITE });
      driver.offer({ id: 2, flags: WRITE });
      mustTake(driver);
      mustTake(driver);
      const before = driver.descriptor(1);
      driver.queue.put(1, 7);
      driver.queue.put(2, 8);
      driver.queue.publish();
      mustBe('what was skipped', before, driver.descriptor(1));
      mustBe('what the driver sees used', [[1, 7]], driver.takeUsed());
      mustBe('what it sees then', [[2, 8]], driver.takeUsed());
    },
  ),
  check('2.8.12', 'completion', 'They are used in the order in which they are done.', (driver) => {
    takeMany(driver, 3);
    driver.queue.put(2, 1);
    driver.queue.publish();
    driver.queue.put(0, 2);
    driver.queue.put(1, 3);
    driver.queue.publish();
    const used = [0, 1, 2].map((index) => driver.descriptor(index).id);
    mustBe('the ids, by place', [2, 0, 1], used);
  }),
  check(
    '2.8.2',
    'flags-last',
    'Flags are written behind what they tell of, with release, or a fence before them.',
    (driver) => {
      driver.useOne(0, 5);
      const { flags, len, id } = driver.places;
      for (const at of [len(0), id(0)]) {
        const what = 'stores of id and length, ordered before the store of flags';
        mustOrder(driver.watched, what, ['store', at], ['store', flags(0)]);
      }
    },
  ),
  check('2.8.15', 'used-once', 'A descriptor is not changed again once it is used.', (driver) => {
    takeMany(driver, SIZE);
    for (const id of [1, 0, 3, 2]) {
      driver.queue.put(id, 4);
      driver.queue.publish();
    }
    for (let index = 0; index < SIZE; index++) {
      const { watched, places } = driver;
      const stores = watched.accesses('store', places.flags(index)).length;
      const last = [places.len(index), places.id(index)].map((at) => watched.lastOf('store', at));
      if (stores !== 1 || Math.max(...last) > watched.lastOf('store', places.flags(index))) {
        throw new Mismatch('one store of flags, the last to a descriptor', 'something after it');
      }
    }
  }),
  check(
    '2.8.8',
    'in-order',
    'With IN_ORDER a chain that is returned before its turn waits.',
    (driver) => {
      takeMany(driver, 2);
      driver.queue.put(1, 4);
      driver.queue.publish();
      mustBe('what the driver sees used', [], driver.takeUsed());
      driver.queue.put(0, 5);
      driver.queue.publish();
      const used = [...driver.takeUsed(), ...driver.takeUsed()];
      const expected = [
        [0, 5],
        [1, 4],
      ];
      mustBe('what it sees then', expected, used);
    },
    { inOrder: true },
  ),
  check(
    '2.8.8',
    'in-order-round',
    'With IN_ORDER chains keep their order round the ring.',
    (driver) => {
      for (let count = 0; count < 3 * SIZE; count++) {
        const ids = [0, 1, 2].map((index) => (count + index) % SIZE);
        for (const id of ids) {
          driver.offer({ id, flags: WRITE });
          mustTake(driver);
        }
        for (const index of [2, 0, 1]) {
          driver.queue.put(ids[index], index);
        }
        driver.queue.publish();
        const used = ids.flatMap(() => driver.takeUsed());
        mustBe(
          'what the driver sees used',
          ids.map((id, index) => [id, index]),
          used,
        );
      }
    },
    { inOrder: true },
  ),
  check(
    '2.8.8',
    'skips-full',
    'With IN_ORDER only what was written completely is skipped.',
    (driver) => {
      const expected = [16, 3, 16, 16].map((written, id) => [id, written] as const);
      takeMany(driver, SIZE);
      expected.forEach(([id, written]) => {
        driver.queue.put(id, written);
      });
      driver.queue.publish();
      const used = expected.flatMap(() => driver.takeUsed());
      mustBe('what the driver sees used', expected, used);
    },
    { inOrder: true },
  ),
];
