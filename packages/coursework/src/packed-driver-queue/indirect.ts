/** Indirect tables: VIRTIO 1.3 §2.8.7 and §2.8.19. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { listOf, mustNotAdd, mustOffer, mustTake, READ, WRITE } from '../ring/driver-half.ts';
import { mustNotStore } from '../ring/order.ts';
import { check } from './check.ts';
import { ENTRIES, SIZE } from './mock-device.ts';

const { INDIRECT } = descFlags;

export const indirectChecks: readonly Check<PackedDriverQueuePart>[] = [
  check(
    '2.8.17',
    'longer-than-queue',
    'A list of more buffers than the ring has descriptors is refused, and one of none.',
    (device) => {
      mustNotAdd('a list that is longer than the queue', device, ...listOf(SIZE + 1));
      mustNotAdd('a list of nothing', device);
      mustBe('whether there is a list', false, device.hasNext);
    },
    { indirect: true },
  ),
  check('2.8.19', 'indirect-unasked', 'Without INDIRECT_DESC there are no tables.', (device) => {
    mustOffer(device, READ, WRITE);
    const { indices } = device.newList();
    mustBe('the descriptors of the list', 2, indices.length);
    mustBe(
      'INDIRECT',
      [0, 0],
      indices.map((index) => device.descriptor(index).flags & INDIRECT),
    );
  }),
  check(
    '2.8.19',
    'indirect',
    'A list in a table has all its buffers, and no flag but WRITE; it is a list of its own.',
    (device) => {
      mustOffer(device, READ, [0x7000, 40, true], WRITE);
      const { buffers, tableFlags, indices } = device.newList();
      mustBe('free', SIZE - indices.length, device.queue.free);
      mustBe('the buffers', [READ, [0x7000, 40, true], WRITE], buffers);
      const others = tableFlags.map((flags) => flags & ~descFlags.WRITE);
      mustBe(
        'the flags in the table besides WRITE',
        tableFlags.map(() => 0),
        others,
      );
    },
    { indirect: true },
  ),
  check(
    '2.8.7',
    'tables-apart',
    'Lists that are outstanding together have tables of their own; too long ones have none.',
    (device) => {
      const chains = [
        [
          [0x6000, 1, false],
          [0x6100, 2, true],
        ],
        [
          [0x7000, 3, false],
          [0x7100, 4, false],
          [0x7200, 5, true],
        ],
      ] as const;
      const ids = chains.map((buffers) => mustOffer(device, ...buffers));
      const lists = chains.map(() => device.newList());
      mustBe(
        'the buffers',
        chains,
        lists.map(({ buffers }) => buffers),
      );
      lists.forEach((list, index) => {
        device.use(list, 1);
        mustTake(device, ids[index], 1);
      });
      mustOffer(device, ...listOf(SIZE));
      mustBe('the buffers', listOf(SIZE), device.newList().buffers);
    },
    { indirect: true },
  ),
  check(
    '2.8.7',
    'tables-end',
    'Full tables of all lists reach as far as the memory for tables, and no farther.',
    (device) => {
      for (let count = 0; count < SIZE; count++) {
        mustOffer(device, ...listOf(ENTRIES));
      }
      mustNotStore(device.watched, 'memory behind the tables', device.places.behindTables, 64);
    },
    { indirect: true },
  ),
];
