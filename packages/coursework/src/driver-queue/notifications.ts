/** Whom to tell, and when: VIRTIO 1.3 §2.7.7, §2.7.10 and §2.7.13.4. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { DriverQueuePart } from '../part.ts';
import { mustAdd, mustTake, WRITE } from '../ring/driver-half.ts';
import { mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE, type MockDevice } from './mock-device.ts';

/** A chain from its offer to its return. Whether the device is to be notified of it. */
function offerOne(device: MockDevice): boolean {
  const id = mustAdd(device, WRITE);
  const wanted = device.queue.publish();
  device.use([device.newHead(), 0]);
  mustTake(device, id, 0);
  return wanted;
}

export const notificationChecks: readonly Check<DriverQueuePart>[] = [
  check(
    '2.7.10.1',
    'driver-flags-0',
    'Without EVENT_IDX it notifies when flags is 0.',
    (device) => {
      device.availEvent = 5;
      mustBe('publish', true, offerOne(device));
    },
  ),
  check(
    '2.7.10.1',
    'driver-flags-1',
    'Without EVENT_IDX it does not when flags is 1.',
    (device) => {
      device.usedFlags = 1;
      mustBe('publish', false, offerOne(device));
    },
  ),
  check(
    '2.7.10.1',
    'driver-nothing-new',
    'It does not notify when nothing was added.',
    (device) => {
      mustBe('publish', false, device.queue.publish());
      offerOne(device);
      mustBe('the next publish', false, device.queue.publish());
    },
  ),
  check(
    '2.7.10.1',
    'avail-event',
    'With EVENT_IDX it ignores flags, and notifies when avail_event is passed.',
    (device) => {
      device.usedFlags = 1;
      device.availEvent = 1;
      const notified = [0, 1, 2].map(() => offerOne(device));
      mustBe('publish, three times', [false, true, false], notified);
    },
    { eventIdx: true },
  ),
  check(
    '2.7.10.1',
    'avail-event-in-batch',
    'A batch that passes avail_event in its middle notifies.',
    (device) => {
      device.availEvent = 1;
      [0, 1, 2].forEach(() => mustAdd(device, WRITE));
      mustBe('publish', true, device.queue.publish());
    },
    { eventIdx: true },
  ),
  check(
    '2.7.10.1',
    'avail-event-wraps',
    'avail_event is compared modulo 65536.',
    (device) => {
      for (let count = 0; count < 65_535; count++) {
        device.watched.forget();
        offerOne(device);
      }
      device.availEvent = 0xffff;
      mustBe('publish past 65535', true, offerOne(device));
      mustBe('publish past 0', false, offerOne(device));
    },
    { eventIdx: true },
  ),
  ...[false, true].map((eventIdx) =>
    check(
      '2.7.13.4.1',
      `barrier-${eventIdx ? 'event-idx' : 'flags'}`,
      'The device sees idx before it is asked whether it wants to know: else both would wait.',
      (device) => {
        offerOne(device);
        const { availIdx, usedFlags, availEvent } = device.places;
        const asked = eventIdx ? availEvent : usedFlags;
        const what = 'a store of idx, a fence, a load of flags or avail_event';
        mustOrder(device.watched, what, ['store', availIdx], ['load', asked]);
      },
      { eventIdx },
    ),
  ),
  check('2.7.7.1', 'no-interrupt', 'Without EVENT_IDX avail flags is 1 or 0.', (device) => {
    mustBe('flags', 0, device.availFlags);
    device.queue.disableNotifications();
    mustBe('flags', 1, device.availFlags);
    mustBe('enableNotifications', true, device.queue.enableNotifications());
    mustBe('flags', 0, device.availFlags);
  }),
  check(
    '2.7.7.1',
    'used-event',
    'With EVENT_IDX flags stays 0, and used_event names the next entry.',
    (device) => {
      for (let count = 0; count < 2 * SIZE; count++) {
        device.queue.disableNotifications();
        mustBe('flags', 0, device.availFlags);
        mustBe('enableNotifications', true, device.queue.enableNotifications());
        mustBe('flags', 0, device.availFlags);
        mustBe('used_event', count, device.usedEvent);
        offerOne(device);
      }
    },
    { eventIdx: true },
  ),
  ...[false, true].map((eventIdx) =>
    check(
      '2.7.14',
      `looks-again-${eventIdx ? 'event-idx' : 'flags'}`,
      'Who asks to be notified is told of a chain that was used meanwhile.',
      (device) => {
        const id = mustAdd(device, WRITE);
        device.queue.publish();
        device.use([device.newHead(), 0]);
        mustBe('enableNotifications', false, device.queue.enableNotifications());
        mustTake(device, id, 0);
        mustBe('enableNotifications', true, device.queue.enableNotifications());
        const { usedIdx, usedEvent, availFlags } = device.places;
        const asked = eventIdx ? usedEvent : availFlags;
        const what = 'a store of what is asked for, a fence, a load of idx';
        mustOrder(device.watched, what, ['store', asked], ['load', usedIdx]);
      },
      { eventIdx },
    ),
  ),
  check(
    '2.7.7.1',
    'spurious',
    'A notification of nothing is borne, before a chain and after.',
    (device) => {
      const look = (): void => {
        mustBe('take', -1, device.queue.take());
        mustBe('enableNotifications', true, device.queue.enableNotifications());
      };
      look();
      mustAdd(device, WRITE);
      look();
      const free = device.queue.free;
      device.queue.publish();
      look();
      mustBe('free', free, device.queue.free);
      device.use([device.newHead(), 3]);
      mustBe('whether there is one', true, device.queue.take() >= 0);
      look();
    },
  ),
];
