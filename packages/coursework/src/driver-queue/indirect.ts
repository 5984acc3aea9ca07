/** Indirect tables: VIRTIO 1.3 §2.7.5.3. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { DriverQueuePart } from '../part.ts';
import { listOf, mustNotAdd, mustOffer, READ, WRITE } from '../ring/driver-half.ts';
import { mustNotStore } from '../ring/order.ts';
import { check } from './check.ts';
import { ENTRIES, SIZE } from './mock-device.ts';

const { NEXT } = descFlags;

export const indirectChecks: readonly Check<DriverQueuePart>[] = [
  check(
    '2.7.5.3.1',
    'longer-than-queue',
    'A chain of more buffers than the queue has entries is refused, and one of none.',
    (device) => {
      mustNotAdd('a chain that is longer than the queue', device, ...listOf(SIZE + 1));
      mustNotAdd('a chain of nothing', device);
      mustBe('idx', 0, device.availIdx);
    },
    { indirect: true },
  ),
  check('2.7.5.3.1', 'indirect-unasked', 'Without INDIRECT_DESC there are no tables.', (device) => {
    mustOffer(device, READ, WRITE);
    mustBe('the descriptors of the chain', 2, device.chain(device.newHead()).length);
    const flags = [0, 1, 2, 3].map(
      (index) => device.descriptor(index).flags & ~(NEXT | descFlags.WRITE),
    );
    mustBe('the flags besides NEXT and WRITE', [0, 0, 0, 0], flags);
  }),
  check(
    '2.7.5.3.1',
    'indirect',
    'A chain in a table has all its buffers; no table is in it, and NEXT not beside INDIRECT.',
    (device) => {
      mustOffer(device, READ, [0x7000, 40, true], WRITE);
      const head = device.newHead();
      mustBe('the buffers', [READ, [0x7000, 40, true], WRITE], device.buffers(head));
      mustBe('free', SIZE - device.chain(head).length, device.queue.free);
    },
    { indirect: true },
  ),
  check(
    '2.7.5.3',
    'tables-apart',
    'Chains that are outstanding together have tables of their own; too long ones have none.',
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
      chains.forEach((buffers) => mustOffer(device, ...buffers));
      const heads = device.newHeads();
      mustBe(
        'the buffers',
        chains,
        heads.map((head) => device.buffers(head)),
      );
      device.use(...heads.map((head) => [head, 0] as const));
      mustBe(
        'take, twice',
        [true, true],
        [0, 1].map(() => device.queue.take() >= 0),
      );
      mustOffer(device, ...listOf(SIZE));
      mustBe('the buffers', listOf(SIZE), device.buffers(device.newHead()));
    },
    { indirect: true },
  ),
  check(
    '2.7.5.3',
    'tables-end',
    'Full tables of all chains reach as far as the memory for tables, and no farther.',
    (device) => {
      for (let count = 0; count < SIZE; count++) {
        mustOffer(device, ...listOf(ENTRIES));
      }
      mustNotStore(device.watched, 'memory behind the tables', device.places.behindTables, 64);
    },
    { indirect: true },
  ),
  check(
    '2.7.5.3.1',
    'in-order-table',
    'With IN_ORDER the descriptors of a table follow each other.',
    (device) => {
      mustOffer(device, READ, READ, WRITE);
      const [index] = device.chain(device.newHead());
      const { flags } = device.descriptor(index);
      if ((flags & descFlags.INDIRECT) !== 0) {
        const table = device.table(device.descriptor(index));
        const next = table.map((each) => ((each.flags & NEXT) === 0 ? 0 : each.next));
        mustBe('next in the table', [1, 2, 0], next);
      }
    },
    { indirect: true, inOrder: true },
  ),
];
