/** Whom to tell, and when: VIRTIO 1.3 §2.8.10, §2.8.21.3 and §2.8.22. */
import { eventFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { listOf, mustAdd, mustTake, WRITE } from '../ring/driver-half.ts';
import { mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE, type MockDevice } from './mock-device.ts';

const { ENABLE, DISABLE, DESC } = eventFlags;

/** A list from its offer to its return. Whether the device is to be notified of it. */
function offerOne(device: MockDevice): boolean {
  const id = mustAdd(device, WRITE);
  const wanted = device.queue.publish();
  device.use(device.newList(), 1);
  mustTake(device, id, 1);
  return wanted;
}

const lap = (device: MockDevice): readonly boolean[] =>
  Array.from({ length: SIZE }, () => offerOne(device));

export const notificationChecks: readonly Check<PackedDriverQueuePart>[] = [
  check('2.8.10', 'driver-enabled', 'It notifies when events are enabled.', (device) => {
    device.wants(ENABLE, { offset: 3, wrap: 1 });
    mustBe('publish', true, offerOne(device));
  }),
  check('2.8.10', 'driver-disabled', 'It does not when events are disabled.', (device) => {
    device.wants(DISABLE);
    mustBe('publish', false, offerOne(device));
  }),
  check('2.8.10', 'driver-nothing-new', 'It does not notify when nothing was added.', (device) => {
    mustBe('publish', false, device.queue.publish());
    offerOne(device);
    mustBe('the next publish', false, device.queue.publish());
  }),
  check(
    '2.8.10',
    'driver-event',
    'With EVENT_IDX it notifies when the descriptor is made available that is asked for.',
    (device) => {
      device.wants(DESC, { offset: 1, wrap: 1 });
      mustBe('publish, a lap', [false, true, false, false], lap(device));
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'driver-event-in-batch',
    'A list that has it in its middle notifies, and so does a batch.',
    (device) => {
      device.wants(DESC, { offset: 1, wrap: 1 });
      const id = mustAdd(device, ...listOf(3));
      mustBe('publish', true, device.queue.publish());
      device.use(device.newList(), 0);
      mustTake(device, id, 0);
      device.wants(DESC, { offset: 0, wrap: 0 });
      [0, 1, 2].forEach(() => mustAdd(device, WRITE));
      mustBe('publish of three, over the end of the ring', true, device.queue.publish());
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'driver-event-last',
    'A batch up to the end of the ring has the last descriptor in it, and not the first.',
    (device) => {
      for (const wrap of [1, 0] as const) {
        device.wants(DESC, { offset: SIZE - 1, wrap });
        mustBe('publish, a lap', [false, false, false, true], lap(device));
      }
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'driver-event-lap',
    'Of the next lap is what the wrap counter says; this lap does not notify.',
    (device) => {
      device.wants(DESC, { offset: 1, wrap: 0 });
      mustBe('publish, a lap', [false, false, false, false], lap(device));
      mustBe('publish, the next lap', [false, true, false, false], lap(device));
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'driver-event-any-size',
    'In a ring of 5 too, lap after lap.',
    (device) => {
      for (let count = 0; count < 30; count += 2) {
        const wrap = Math.floor(count / 5) % 2 === 0 ? 1 : 0;
        device.wants(DESC, { offset: count % 5, wrap });
        mustBe(`publish of number ${count}`, true, offerOne(device));
        mustBe(`publish of number ${count + 1}`, false, offerOne(device));
      }
    },
    { eventIdx: true, size: 5 },
  ),
  check(
    '2.8.10',
    'driver-event-beyond',
    'A descriptor that the ring has not is never made available, and harms nobody.',
    (device) => {
      device.wants(DESC, { offset: 0x7fff, wrap: 1 });
      lap(device);
      lap(device);
      device.wants(ENABLE);
      mustBe('publish', true, offerOne(device));
    },
    { eventIdx: true },
  ),
  check(
    '2.8.21.3.1',
    'barrier',
    'The device sees the list before it is asked whether it wants to know: else both would wait.',
    (device) => {
      offerOne(device);
      const { flags, deviceEvent } = device.places;
      const what = 'a store of flags, a fence, a load of the event flags';
      mustOrder(device.watched, what, ['store', flags(0)], ['load', deviceEvent]);
    },
  ),
  check(
    '2.8.10',
    'driver-reads-event',
    'The flags of what the device wants are read before the offset that they tell of.',
    (device) => {
      device.wants(DESC, { offset: 0, wrap: 1 });
      offerOne(device);
      const { deviceEvent, deviceEventOffset } = device.places;
      const what = 'a load of the event flags, ordered before the load of the offset, or one load';
      mustOrder(device.watched, what, ['load', deviceEvent], ['load', deviceEventOffset]);
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'driver-writes-event',
    'An offset is written before the flags that tell of it.',
    (device) => {
      device.queue.enableNotifications();
      const { driverEvent, driverEventOffset } = device.places;
      if (device.driverEvent.flags === DESC) {
        const what = 'a store of the offset, ordered before the store of flags, or one store';
        mustOrder(device.watched, what, ['store', driverEventOffset], ['store', driverEvent]);
      }
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'no-interrupt',
    'Without EVENT_IDX it disables events, and enables all.',
    (device) => {
      device.queue.disableNotifications();
      mustBe('flags', DISABLE, device.driverEvent.flags);
      mustBe('enableNotifications', true, device.queue.enableNotifications());
      mustBe('flags', ENABLE, device.driverEvent.flags);
    },
  ),
  check(
    '2.8.10',
    'driver-asks-for-next',
    'With EVENT_IDX it asks for the next descriptor, with the wrap counter of its lap.',
    (device) => {
      for (let count = 0; count < 2 * SIZE; count++) {
        device.queue.disableNotifications();
        mustBe('flags', DISABLE, device.driverEvent.flags);
        mustBe('enableNotifications', true, device.queue.enableNotifications());
        mustBe(`whether it is told of number ${count}`, true, device.tellsOfNext);
        offerOne(device);
      }
    },
    { eventIdx: true },
  ),
  ...[false, true].map((eventIdx) =>
    check(
      '2.8.22',
      `looks-again-${eventIdx ? 'event' : 'flags'}`,
      'Who asks to be notified is told of a list that was used meanwhile.',
      (device) => {
        const id = mustAdd(device, WRITE);
        device.queue.publish();
        device.use(device.newList(), 2);
        mustBe('enableNotifications', false, device.queue.enableNotifications());
        mustTake(device, id, 2);
        mustBe('enableNotifications', true, device.queue.enableNotifications());
        const { flags, driverEvent } = device.places;
        const what = 'a store of the event flags, a fence, a load of the next descriptor';
        mustOrder(device.watched, what, ['store', driverEvent], ['load', flags(1)]);
      },
      { eventIdx },
    ),
  ),
];
