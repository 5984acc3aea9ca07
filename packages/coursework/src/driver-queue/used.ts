/** How used buffers come back: VIRTIO 1.3 §2.7.8, §2.7.9 and §2.7.14. */
import type { Check } from '../check/check.ts';
import { Mismatch } from '../check/mismatch.ts';
import { mustBe } from '../check/must-be.ts';
import type { DriverQueuePart } from '../part.ts';
import { mustAdd, mustOffer, mustTake, READ, WRITE } from '../ring/driver-half.ts';
import { mustLoadOnce, mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE } from './mock-device.ts';

export const usedChecks: readonly Check<DriverQueuePart>[] = [
  check('2.7.8', 'taken', 'Chains come back in the order of the used ring.', (device) => {
    const ids = [0, 1, 2].map(() => mustOffer(device, WRITE));
    const heads = device.newHeads();
    device.use([heads[2], 3], [heads[0], 4]);
    mustTake(device, ids[2], 3);
    mustTake(device, ids[0], 4);
    mustBe('take', -1, device.queue.take());
    device.use([heads[1], 5]);
    mustTake(device, ids[1], 5);
  }),
  check('2.7.8', 'by-head', 'An entry names a chain by its head, wherever it stands.', (device) => {
    const older = [READ, [0x6000, 24, true]] as const;
    const ids = [mustOffer(device, ...older), mustOffer(device, READ, WRITE)];
    const heads = device.newHeads();
    device.use([heads[1], 1]);
    mustTake(device, ids[1], 1);
    mustBe('free', 2, device.queue.free);
    mustOffer(device, READ, WRITE);
    mustBe('the buffers of the older chain', older, device.buffers(heads[0]));
    mustBe('the buffers of the new chain', [READ, WRITE], device.buffers(device.newHead()));
  }),
  check(
    '2.7.8',
    'used-round',
    'Behind the last entry of the used ring comes the first.',
    (device) => {
      for (let count = 0; count < 3 * SIZE; count++) {
        const id = mustOffer(device, WRITE);
        device.use([device.newHead(), count]);
        mustTake(device, id, count);
      }
    },
  ),
  check('2.7.8.3', 'length', 'It tells how many bytes were written, and of no more.', (device) => {
    for (const written of [0, 1, 24]) {
      const id = mustOffer(device, READ, [0x7000, 24, true]);
      device.use([device.newHead(), written]);
      mustTake(device, id, written);
    }
  }),
  check(
    '2.7.14',
    'acquires-idx',
    'idx is read before the entry that it tells of: with acquire, or a fence behind it.',
    (device) => {
      const id = mustOffer(device, WRITE);
      device.use([device.newHead(), 0]);
      mustTake(device, id, 0);
      const { usedIdx, usedEntry } = device.places;
      for (const at of [usedEntry(0), usedEntry(0) + 4]) {
        const what = 'a load of idx, ordered before the loads of the entry';
        mustOrder(device.watched, what, ['load', usedIdx], ['load', at]);
      }
    },
  ),
  check('2.7.14', 'reads-once', 'What the device may change meanwhile is read once.', (device) => {
    const id = mustOffer(device, WRITE);
    device.use([device.newHead(), 0]);
    mustTake(device, id, 0);
    mustLoadOnce(device.watched, 'a used entry', device.places.usedEntry(0), [0, 2, 4, 6]);
  }),
  check(
    '2.7.9',
    'batch',
    'With IN_ORDER an entry may be of several chains, of which it names the last.',
    (device) => {
      const ids = [0, 1, 2].map(() => mustAdd(device, WRITE));
      device.queue.publish();
      const heads = device.newHeads();
      device.writeUsed(0, heads[1], 5);
      device.writeUsed(2, heads[2], 6);
      device.usedIdx = 3;
      mustTake(device, ids[0], 16);
      mustTake(device, ids[1], 5);
      mustTake(device, ids[2], 6);
      mustBe('take', -1, device.queue.take());
    },
    { inOrder: true },
  ),
  check(
    '2.7.9',
    'batches-round',
    'With IN_ORDER batches go round the rings.',
    (device) => {
      for (let count = 0; count < 3 * SIZE; count++) {
        const ids = [0, 1, 2].map(() => mustAdd(device, WRITE));
        device.queue.publish();
        const heads = device.newHeads();
        device.writeUsed(device.usedIdx, heads[2], 7);
        device.usedIdx += 3;
        [16, 16, 7].forEach((length, index) => {
          mustTake(device, ids[index], length);
        });
      }
    },
    { inOrder: true },
  ),
  check(
    '2.7.9',
    'batches-wrap',
    'With IN_ORDER batches go on past 65536.',
    (device) => {
      for (let count = 0; count < 65_536 + 3 * SIZE; count += 3) {
        device.watched.forget();
        const ids = [0, 1, 2].map(() => mustAdd(device, WRITE));
        device.queue.publish();
        device.writeUsed(count, device.head(count + 2), 7);
        device.usedIdx = count + 3;
        const taken = [0, 1, 2].map(() => device.queue.take());
        if (taken.some((id, index) => id !== ids[index]) || device.queue.take() !== -1) {
          throw new Mismatch(`a batch of ${ids.join(', ')} at ${count}`, taken.join(', '));
        }
      }
    },
    { inOrder: true },
  ),
  check(
    '2.7.9',
    'batch-looks-again',
    'Who asks to be notified within a batch is told of what is left of it.',
    (device) => {
      const ids = [0, 1].map(() => mustAdd(device, WRITE));
      device.queue.publish();
      device.writeUsed(0, device.newHeads()[1], 5);
      device.usedIdx = 2;
      mustTake(device, ids[0], 16);
      mustBe('enableNotifications', false, device.queue.enableNotifications());
      mustTake(device, ids[1], 5);
      mustBe('enableNotifications', true, device.queue.enableNotifications());
    },
    { inOrder: true },
  ),
];
