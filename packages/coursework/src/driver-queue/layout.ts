/** How buffers are made available: VIRTIO 1.3 §2.7.1 to §2.7.6, and §2.7.13. */
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { DriverQueuePart } from '../part.ts';
import {
  chainOf,
  listOf,
  mustAdd,
  mustNotAdd,
  mustOffer,
  mustTake,
  READ,
  WRITE,
} from '../ring/driver-half.ts';
import { mustNotStore, mustOrder } from '../ring/order.ts';
import { alignmentCheck, sizeCheck } from '../ring/setup.ts';
import { check } from './check.ts';
import { SIZE } from './mock-device.ts';

export const layoutChecks: readonly Check<DriverQueuePart>[] = [
  sizeCheck('2.7', [0, 3, 65_536]),
  alignmentCheck('2.7.1', { descriptors: 16, driver: 2, device: 4 }),
  check('2.7.13.1', 'one', 'A buffer has its address, its length and no NEXT.', (device) => {
    mustOffer(device, [0x1_2345_6780, 24, false]);
    const { address, bytes, flags } = device.descriptor(device.newHead());
    mustBe('address, length and flags', [0x1_2345_6780, 24, 0], [address, bytes, flags]);
  }),
  check(
    '2.7.13.1',
    'chain',
    'Buffers follow each other by NEXT, which the last lacks.',
    (device) => {
      mustOffer(device, READ, [0x7000, 40, true], WRITE);
      mustBe('the buffers', [READ, [0x7000, 40, true], WRITE], device.buffers(device.newHead()));
    },
  ),
  check(
    '2.7.4.2',
    'writable-last',
    'What the device writes stands behind what it reads.',
    (device) => {
      for (const buffers of [
        [READ, WRITE],
        [READ, READ, WRITE],
        [READ, WRITE, WRITE],
      ]) {
        const id = mustOffer(device, ...buffers);
        const head = device.newHead();
        const writable = device.buffers(head).map(([, , deviceWrites]) => deviceWrites);
        mustBe(
          'which the device writes',
          buffers.map((each) => each[2]),
          writable,
        );
        device.use([head, 0]);
        mustTake(device, id, 0);
      }
    },
  ),
  check(
    '2.7.6',
    'entries',
    'Heads are in the available ring, in the order of the chains.',
    (device) => {
      const ids = [listOf(1), listOf(2), listOf(1)].map((buffers) => mustAdd(device, ...buffers));
      mustBe('idx before they are published', 0, device.availIdx);
      device.queue.publish();
      mustBe('idx', 3, device.availIdx);
      const lengths = device.newHeads().map((head) => device.buffers(head).length);
      mustBe('the lengths of the chains', [1, 2, 1], lengths);
      mustBe('whether ids are of their own', 3, new Set(ids).size);
    },
  ),
  check('2.7.13', 'room', 'All descriptors can be in use, and then there is no room.', (device) => {
    for (let count = 0; count < SIZE; count++) {
      mustBe('free', SIZE - count, device.queue.free);
      mustOffer(device, WRITE);
    }
    mustBe('add', -1, device.queue.add(chainOf(WRITE)));
    mustBe('publish', false, device.queue.publish());
    const heads = device.newHeads();
    device.use([heads[2], 0]);
    device.queue.take();
    mustBe('add of two', -1, device.queue.add(chainOf(READ, WRITE)));
    mustOffer(device, WRITE);
    mustBe('the head', heads[2], device.newHead());
  }),
  check(
    '2.7.5.2',
    'apart',
    'Chains have no loops, and no descriptor with another one.',
    (device) => {
      const out: { readonly id: number; readonly head: number }[] = [];
      for (let count = 0; count < 60; count++) {
        const buffers = listOf(1 + (count % 3));
        const id = device.queue.add(chainOf(...buffers));
        if (id >= 0) {
          device.queue.publish();
          const head = device.newHead();
          mustBe('the buffers', buffers, device.buffers(head));
          out.push({ id, head });
        }
        const all = out.flatMap(({ head }) => device.chain(head));
        if (new Set(all).size !== all.length) {
          throw new Mismatch('descriptors of one chain each', `descriptors ${all.join(', ')}`);
        }
        if (id < 0 || count % 2 === 1) {
          const [used] = out.splice(count % out.length, 1);
          device.use([used.head, 0]);
          mustTake(device, used.id, 0);
        }
      }
    },
  ),
  check('2.7.5.2', 'bytes', 'A chain of more than 2^32 bytes is refused.', (device) => {
    const half = [0, 0x8000_0000, true] as const;
    mustNotAdd('a chain of more than 2^32 bytes', device, half, half, [0, 1, true]);
    mustBe('idx', 0, device.availIdx);
  }),
  check(
    '2.7.5.2',
    'in-order-next',
    'With IN_ORDER the next of a descriptor is the one behind it, round the table.',
    (device) => {
      for (let count = 0; count < 12; count++) {
        const id = mustOffer(device, ...listOf(1 + (count % 3)));
        const chain = device.chain(device.newHead());
        const expected = chain.map((_, index) => (chain[0] + index) % SIZE);
        mustBe('the descriptors', expected, chain);
        device.use([chain[0], 0]);
        mustTake(device, id, 0);
      }
    },
    { inOrder: true },
  ),
  check('2.7.13.3', 'wraps', 'The available idx runs freely, and wraps at 65536.', (device) => {
    const chain = chainOf(WRITE);
    for (let count = 1; count <= 65_536 + SIZE; count++) {
      device.watched.forget();
      const id = device.queue.add(chain);
      device.queue.publish();
      device.use([device.head(count - 1), 0]);
      const isTaken = device.queue.take() === id && device.queue.take() === -1;
      if (!isTaken || device.availIdx !== (count & 0xffff)) {
        const seen = `idx ${device.availIdx}, with ${device.queue.free} descriptors free`;
        throw new Mismatch(`chain ${count} to be used, with idx ${count & 0xffff}`, seen);
      }
    }
  }),
  check(
    '2.7.6.1',
    'no-way-back',
    'idx is moved by as many as were added, and by nothing else.',
    (device) => {
      mustOffer(device, WRITE);
      mustAdd(device, WRITE);
      device.queue.disableNotifications();
      mustBe('take', -1, device.queue.take());
      device.queue.enableNotifications();
      device.queue.publish();
      const stores = device.watched.accesses('store', device.places.availIdx);
      mustBe(
        'what is stored in idx',
        [1, 2],
        stores.map(({ value }) => value),
      );
    },
  ),
  check(
    '2.7.13.3.1',
    'barrier',
    'Descriptors and entries are written before idx: with release, or a fence before it.',
    (device) => {
      mustOffer(device, WRITE);
      const { availIdx, availEntry, descriptor } = device.places;
      const at = descriptor(device.newHead());
      for (const place of [availEntry(0), at, at + 4, at + 8, at + 12]) {
        const what = 'stores of the descriptor and the entry, ordered before the store of idx';
        mustOrder(device.watched, what, ['store', place], ['store', availIdx]);
      }
    },
  ),
  check('3.3.1', 'exposed', 'What the device has is left as it is.', (device) => {
    mustOffer(device, READ, WRITE);
    const exposed = device.chain(device.newHead());
    device.watched.forget();
    mustOffer(device, WRITE);
    mustBe('take', -1, device.queue.take());
    for (const index of exposed) {
      const at = device.places.descriptor(index);
      mustNotStore(device.watched, 'a descriptor that the device has', at, 16);
    }
  }),
];
