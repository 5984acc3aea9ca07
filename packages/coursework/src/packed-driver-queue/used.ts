/** How used buffers come back: VIRTIO 1.3 §2.8.1 to §2.8.8, and §2.8.22. */
import { descFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { mustAdd, mustOffer, mustTake, READ, WRITE } from '../ring/driver-half.ts';
import { mustLoadOnce, mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE, type MockDevice } from './mock-device.ts';

const { AVAIL, USED, NEXT } = descFlags;

function mustNotTake({ queue }: MockDevice): void {
  mustBe('take', -1, queue.take());
}

export const usedChecks: readonly Check<PackedDriverQueuePart>[] = [
  check(
    '2.8.6',
    'taken',
    'Lists come back in the order in which they were used, by their ids.',
    (device) => {
      const ids = [0, 1, 2].map(() => mustOffer(device, WRITE));
      const lists = [0, 1, 2].map(() => device.newList());
      for (const which of [2, 0, 1]) {
        device.use(lists[which], which + 1);
        mustTake(device, ids[which], which + 1);
      }
      mustNotTake(device);
    },
  ),
  check(
    '2.8.6',
    'skips-list',
    'Behind a list the next one is as many descriptors farther.',
    (device) => {
      const ids = [mustOffer(device, READ, READ, WRITE), mustOffer(device, WRITE)];
      const lists = [device.newList(), device.newList()];
      device.use(lists[0], 3);
      device.use(lists[1], 4);
      mustTake(device, ids[0], 3);
      mustTake(device, ids[1], 4);
      mustBe('free', SIZE, device.queue.free);
    },
  ),
  check('2.8.1', 'unused', 'What is available, or was used a lap ago, is not used.', (device) => {
    mustNotTake(device);
    mustOffer(device, WRITE);
    mustNotTake(device);
    for (const flags of [0, USED, AVAIL]) {
      device.setFlags(0, flags);
      mustNotTake(device);
    }
    device.setFlags(0, AVAIL | USED);
    mustBe('whether there is one', true, device.queue.take() >= 0);
  }),
  check('2.8.1', 'used-laps', 'Used descriptors are found lap after lap.', (device) => {
    for (let count = 0; count < 4 * SIZE; count++) {
      const id = mustOffer(device, WRITE);
      mustNotTake(device);
      device.use(device.newList(), count % 4);
      mustTake(device, id, count % 4);
    }
  }),
  check('2.8.4', 'length', 'It tells how many bytes were written.', (device) => {
    for (const written of [0, 1, 24]) {
      const id = mustOffer(device, READ, [0x7000, 24, true]);
      device.use(device.newList(), written);
      mustTake(device, id, written);
    }
  }),
  check(
    '2.8.4',
    'length-reserved',
    'Without WRITE a length means nothing, and is borne.',
    (device) => {
      const id = mustOffer(device, READ);
      const list = device.newList();
      device.writeUsed({ id: list.id, bytes: 0xffff_ffff, flags: 0 });
      mustTake(device, id, 0);
    },
  ),
  check('2.8.6', 'next-ignored', 'NEXT means nothing in a used descriptor.', (device) => {
    const id = mustOffer(device, WRITE);
    const list = device.newList();
    device.writeUsed({ id: list.id, bytes: 3, flags: descFlags.WRITE | NEXT });
    mustTake(device, id, 3);
  }),
  check(
    '2.8.22',
    'acquires-flags',
    'Flags are read before what they tell of: with acquire, or a fence behind them.',
    (device) => {
      const id = mustOffer(device, WRITE);
      device.use(device.newList(), 1);
      mustTake(device, id, 1);
      const { flags, id: idAt, len } = device.places;
      for (const at of [idAt(0), len(0)]) {
        const what = 'a load of flags, ordered before the loads of id and length';
        mustOrder(device.watched, what, ['load', flags(0)], ['load', at]);
      }
    },
  ),
  check('2.8.22', 'reads-once', 'What the device may change meanwhile is read once.', (device) => {
    const id = mustOffer(device, WRITE);
    device.use(device.newList(), 1);
    mustTake(device, id, 1);
    mustLoadOnce(device.watched, 'a used descriptor', device.places.desc(0), [8, 10, 12, 14]);
  }),
  check(
    '2.8.8',
    'batch',
    'With IN_ORDER a descriptor may be of several lists, of which it names the last.',
    (device) => {
      for (let lap = 0; lap < 3; lap++) {
        const ids = [mustAdd(device, READ, WRITE), mustAdd(device, WRITE), mustAdd(device, WRITE)];
        device.queue.publish();
        const lists = ids.map(() => device.newList());
        device.use(lists.slice(0, 2), 5);
        device.use(lists[2], 6);
        mustTake(device, ids[0], 16);
        mustTake(device, ids[1], 5);
        mustTake(device, ids[2], 6);
        mustNotTake(device);
      }
    },
    { inOrder: true },
  ),
  check(
    '2.8.8',
    'batch-looks-again',
    'Who asks to be notified within a batch is told of what is left of it.',
    (device) => {
      const ids = [0, 1].map(() => mustAdd(device, WRITE));
      device.queue.publish();
      device.use(
        [0, 1].map(() => device.newList()),
        5,
      );
      mustTake(device, ids[0], 16);
      mustBe('enableNotifications', false, device.queue.enableNotifications());
      mustTake(device, ids[1], 5);
      mustBe('enableNotifications', true, device.queue.enableNotifications());
    },
    { inOrder: true },
  ),
];
