/** Whom to tell, and when: VIRTIO 1.3 §2.8.10. */
import { eventFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedQueuePart } from '../part.ts';
import { mustTake } from '../ring/device-half.ts';
import { mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE } from './mock-driver.ts';

const { ENABLE, DISABLE, DESC } = eventFlags;

export const notificationChecks: readonly Check<PackedQueuePart>[] = [
  check('2.8.10', 'enabled', 'It notifies when events are enabled.', (driver) => {
    driver.wants(ENABLE, { offset: 3, wrap: 1 });
    mustBe('publish', true, driver.useOne());
  }),
  check('2.8.10', 'disabled', 'It does not when events are disabled.', (driver) => {
    driver.wants(DISABLE);
    mustBe('publish', false, driver.useOne());
  }),
  check('2.8.10', 'nothing-new', 'It does not notify when nothing was used.', (driver) => {
    mustBe('publish', false, driver.queue.publish());
    driver.useOne();
    mustBe('the next publish', false, driver.queue.publish());
  }),
  check(
    '2.8.10',
    'event',
    'With EVENT_IDX it notifies when the descriptor is used that is asked for.',
    (driver) => {
      driver.wants(DESC, { offset: 1, wrap: 1 });
      mustBe(
        'publish, three times',
        [false, true, false],
        [0, 1, 2].map(() => driver.useOne()),
      );
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'event-in-batch',
    'A batch that has it in its middle notifies, and so does a list.',
    (driver) => {
      driver.wants(DESC, { offset: 1, wrap: 1 });
      driver.offer({ id: 1 }, { id: 1 }, { id: 1 });
      mustTake(driver);
      driver.queue.put(1, 0);
      mustBe('publish', true, driver.queue.publish());
      mustBe('what the driver sees used', [[1, 0]], driver.takeUsed());
      driver.wants(DESC, { offset: 0, wrap: 0 });
      for (const id of [0, 1, 2]) {
        driver.offer({ id });
        mustTake(driver);
      }
      for (const id of [0, 1, 2]) {
        driver.queue.put(id, 0);
      }
      mustBe('publish of three, over the end of the ring', true, driver.queue.publish());
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'event-last',
    'A batch up to the end of the ring has the last descriptor in it, and not the first.',
    (driver) => {
      driver.wants(DESC, { offset: SIZE - 1, wrap: 1 });
      mustBe(
        'publish, a lap',
        [false, false, false, true],
        [0, 1, 2, 3].map(() => driver.useOne()),
      );
      driver.wants(DESC, { offset: SIZE - 1, wrap: 0 });
      mustBe(
        'publish, a lap',
        [false, false, false, true],
        [0, 1, 2, 3].map(() => driver.useOne()),
      );
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'event-lap',
    'Of the next lap is what the wrap counter says; this lap does not notify.',
    (driver) => {
      driver.wants(DESC, { offset: 1, wrap: 0 });
      const notified = Array.from({ length: 2 * SIZE }, () => driver.useOne());
      mustBe(
        'the one of 8 that notifies',
        [5],
        notified.flatMap((is, at) => (is ? [at] : [])),
      );
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'event-any-size',
    'In a ring of 5 too, lap after lap.',
    (driver) => {
      for (let count = 0; count < 30; count += 2) {
        const wrap = Math.floor(count / 5) % 2 === 0 ? 1 : 0;
        driver.wants(DESC, { offset: count % 5, wrap });
        mustBe(`publish of number ${count}`, true, driver.useOne());
        mustBe(`publish of number ${count + 1}`, false, driver.useOne());
      }
    },
    { eventIdx: true, size: 5 },
  ),
  check(
    '2.8.10',
    'event-beyond',
    'A descriptor that the ring has not is never used, and harms nobody.',
    (driver) => {
      driver.wants(DESC, { offset: 0x7fff, wrap: 1 });
      for (let count = 0; count < 3 * SIZE; count++) {
        driver.useOne(count % SIZE);
      }
      driver.wants(ENABLE);
      mustBe('publish', true, driver.useOne());
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'fence',
    'The driver sees what was used before it is asked whether it wants to know: else both would wait.',
    (driver) => {
      driver.useOne();
      const { flags, driverEvent } = driver.places;
      const what = 'a store of flags, a fence, a load of the event flags';
      mustOrder(driver.watched, what, ['store', flags(0)], ['load', driverEvent]);
    },
  ),
  check(
    '2.8.10',
    'reads-event',
    'The flags of what the driver wants are read before the offset that they tell of.',
    (driver) => {
      driver.wants(DESC, { offset: 0, wrap: 1 });
      driver.useOne();
      const { driverEvent, driverEventOffset } = driver.places;
      const what = 'a load of the event flags, ordered before the load of the offset, or one load';
      mustOrder(driver.watched, what, ['load', driverEvent], ['load', driverEventOffset]);
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'writes-event',
    'An offset is written before the flags that tell of it.',
    (driver) => {
      driver.queue.enableNotifications();
      const { deviceEvent, deviceEventOffset } = driver.places;
      if (driver.deviceEvent.flags === DESC) {
        const what = 'a store of the offset, ordered before the store of flags, or one store';
        mustOrder(driver.watched, what, ['store', deviceEventOffset], ['store', deviceEvent]);
      }
    },
    { eventIdx: true },
  ),
  check(
    '2.8.10',
    'no-notify',
    'Without EVENT_IDX it disables events, and enables all.',
    (driver) => {
      driver.queue.disableNotifications();
      mustBe('flags', DISABLE, driver.deviceEvent.flags);
      mustBe('enableNotifications', true, driver.queue.enableNotifications());
      mustBe('flags', ENABLE, driver.deviceEvent.flags);
    },
  ),
  check(
    '2.8.10',
    'asks-for-next',
    'With EVENT_IDX it asks for the next descriptor, with the wrap counter of its lap.',
    (driver) => {
      for (let count = 0; count < 2 * SIZE; count++) {
        driver.queue.disableNotifications();
        mustBe('flags', DISABLE, driver.deviceEvent.flags);
        mustBe('enableNotifications', true, driver.queue.enableNotifications());
        mustBe(`whether it is told of number ${count}`, true, driver.tellsOfNext);
        driver.useOne();
      }
    },
    { eventIdx: true },
  ),
  ...[false, true].map((eventIdx) =>
    check(
      '2.8.10',
      `looks-again-${eventIdx ? 'event' : 'flags'}`,
      'Who asks to be notified is told of a chain that came meanwhile.',
      (driver) => {
        driver.offer({});
        mustBe('enableNotifications', false, driver.queue.enableNotifications());
        mustTake(driver);
        mustBe('enableNotifications', true, driver.queue.enableNotifications());
        const { flags, deviceEvent } = driver.places;
        const what = 'a store of the event flags, a fence, a load of the next descriptor';
        mustOrder(driver.watched, what, ['store', deviceEvent], ['load', flags(1)]);
      },
      { eventIdx },
    ),
  ),
];
