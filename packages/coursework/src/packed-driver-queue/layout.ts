/** How buffers are made available: VIRTIO 1.3 §2.8.1 to §2.8.7, §2.8.16 to §2.8.21. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { chainOf, listOf, mustAdd, mustOffer, mustTake, READ, WRITE } from '../ring/driver-half.ts';
import { mustNotStore, mustOrder } from '../ring/order.ts';
import { alignmentCheck, sizeCheck } from '../ring/setup.ts';
import { check } from './check.ts';
import { SIZE, type List } from './mock-device.ts';

const { AVAIL, USED } = descFlags;

export const layoutChecks: readonly Check<PackedDriverQueuePart>[] = [
  sizeCheck('2.8', [0, 32_769]),
  alignmentCheck('2.8.11', { descriptors: 16, driver: 4, device: 4 }),
  check('2.8.21.1', 'one', 'A buffer has its address, its length and no NEXT.', (device) => {
    mustOffer(device, [0x1_2345_6780, 24, false]);
    const { address, bytes, flags } = device.descriptor(0);
    mustBe('address, length and flags', [0x1_2345_6780, 24, AVAIL], [address, bytes, flags]);
  }),
  check('2.8.6', 'chain', 'Buffers follow each other by NEXT, which the last lacks.', (device) => {
    mustOffer(device, READ, [0x7000, 40, true], WRITE);
    mustBe('the buffers', [READ, [0x7000, 40, true], WRITE], device.newList().buffers);
    mustBe('whether there is another list', false, device.hasNext);
  }),
  check('2.8.6', 'ids', 'The last descriptor has an id that no other list has.', (device) => {
    [listOf(2), listOf(1), listOf(1)].forEach((buffers) => mustAdd(device, ...buffers));
    mustBe('whether they are there before they are published', false, device.hasNext);
    device.queue.publish();
    const ids = [0, 1, 2].map(() => device.newList().id);
    mustBe('how many ids there are', 3, new Set(ids).size);
  }),
  check(
    '2.8.17',
    'writable-last',
    'What the device writes stands behind what it reads.',
    (device) => {
      for (const buffers of [
        [READ, WRITE],
        [READ, READ, WRITE],
        [READ, WRITE, WRITE],
      ]) {
        const id = mustOffer(device, ...buffers);
        const list = device.newList();
        mustBe(
          'which the device writes',
          buffers.map((each) => each[2]),
          list.buffers.map((each) => each[2]),
        );
        device.use(list, 0);
        mustTake(device, id, 0);
      }
    },
  ),
  check(
    '2.8.1',
    'flags',
    'AVAIL is the wrap counter and USED its inverse, in every descriptor.',
    (device) => {
      const seen: number[] = [];
      for (let count = 0; count < SIZE; count++) {
        const id = mustOffer(device, READ, WRITE);
        const list = device.newList();
        seen.push(...list.indices.map((index) => device.descriptor(index).flags & (AVAIL | USED)));
        device.use(list, 0);
        mustTake(device, id, 0);
      }
      const lap = (flags: number): number[] => Array.from({ length: SIZE }, () => flags);
      mustBe('AVAIL and USED in two laps', [...lap(AVAIL), ...lap(USED)], seen);
    },
  ),
  check(
    '2.8.10.1',
    'any-size',
    'In a ring of 5 lists go round, of 1 to 3 descriptors, used in another order.',
    (device) => {
      const out: { readonly id: number; readonly list: List }[] = [];
      for (let count = 0; count < 60; count++) {
        const buffers = listOf(1 + (count % 3));
        const id = device.queue.add(chainOf(...buffers));
        if (id >= 0) {
          device.queue.publish();
          const list = device.newList();
          mustBe('the buffers', buffers, list.buffers);
          out.push({ id, list });
        }
        if (id < 0 || count % 2 === 1) {
          const [used] = out.splice(count % out.length, 1);
          device.use(used.list, count % 2);
          mustTake(device, used.id, count % 2);
        }
      }
    },
    { size: 5 },
  ),
  check(
    '2.8.17',
    'room',
    'Without room for all of a list, nothing of it is made available.',
    (device) => {
      const id = mustOffer(device, READ, WRITE);
      mustBe('free', SIZE - 2, device.queue.free);
      const list = device.newList();
      mustBe('add of three', -1, device.queue.add(chainOf(...listOf(3))));
      mustBe('publish', false, device.queue.publish());
      mustBe('whether there is another list', false, device.hasNext);
      mustOffer(device, READ, WRITE);
      mustBe('free', 0, device.queue.free);
      mustBe('add of one', -1, device.queue.add(chainOf(WRITE)));
      mustBe('the buffers', [READ, WRITE], device.newList().buffers);
      device.use(list, 0);
      mustTake(device, id, 0);
      mustOffer(device, ...listOf(2));
      mustBe('the buffers', listOf(2), device.newList().buffers);
    },
  ),
  check('2.8.17', 'whole-ring', 'A list may be as long as the ring, and again.', (device) => {
    for (let lap = 0; lap < 3; lap++) {
      const id = mustOffer(device, ...listOf(SIZE));
      const list = device.newList();
      mustBe('the buffers', listOf(SIZE), list.buffers);
      device.use(list, 1);
      mustTake(device, id, 1);
    }
  }),
  check(
    '2.8.17',
    'head-last',
    'The first descriptor of a list is made available last.',
    (device) => {
      mustOffer(device, ...listOf(3));
      const { flags, desc } = device.places;
      for (const index of [1, 2]) {
        for (const at of [desc(index), desc(index) + 4, desc(index) + 8, flags(index)]) {
          const what = 'stores of the other descriptors, ordered before the flags of the first';
          mustOrder(device.watched, what, ['store', at], ['store', flags(0)]);
        }
      }
    },
  ),
  check('2.8.16', 'exposed', 'What the device has is left as it is.', (device) => {
    const id = mustOffer(device, READ, WRITE);
    const list = device.newList();
    device.watched.forget();
    mustOffer(device, WRITE);
    mustBe('take', -1, device.queue.take());
    mustNotStore(device.watched, 'descriptors that the device has', device.places.desc(0), 32);
    device.use(list, 1);
    device.watched.forget();
    mustTake(device, id, 1);
    mustNotStore(device.watched, 'what was skipped', device.places.desc(1), 16);
  }),
  check(
    '2.8.16',
    'flags-once',
    'The flags of a descriptor are written once, and nothing after them.',
    (device) => {
      mustOffer(device, ...listOf(3));
      for (const { index, at } of [0, 1, 2].map((index) => ({
        index,
        at: device.places.desc(index),
      }))) {
        const { watched, places } = device;
        const flags = watched.lastOf('store', places.flags(index));
        const after = [0, 4, 8, 12].some((field) => watched.lastOf('store', at + field) > flags);
        const stores = watched.accesses('store', places.flags(index)).length;
        if (after || stores !== 1) {
          throw new Mismatch(
            `one store of the flags of descriptor ${index}, as its last`,
            `${stores}`,
          );
        }
      }
    },
  ),
  check(
    '2.8.21.1.1',
    'barrier',
    'A descriptor is written before its flags: with release, or a fence before it.',
    (device) => {
      mustOffer(device, WRITE);
      const { desc, id, len, flags } = device.places;
      for (const at of [desc(0), desc(0) + 4, len(0), id(0)]) {
        const what = 'stores of the descriptor, ordered before the store of its flags';
        mustOrder(device.watched, what, ['store', at], ['store', flags(0)]);
      }
    },
  ),
];
