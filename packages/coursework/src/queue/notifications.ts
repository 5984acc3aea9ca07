/** Whom to tell, and when: VIRTIO 1.3 §2.7.7 and §2.7.10. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { QueuePart } from '../part.ts';
import { mustTake } from '../ring/device-half.ts';
import { mustOrder } from '../ring/order.ts';
import { check } from './check.ts';
import { SIZE } from './mock-driver.ts';

export const notificationChecks: readonly Check<QueuePart>[] = [
  check('2.7.7.2', 'flags-0', 'Without EVENT_IDX it notifies when flags is 0.', (driver) => {
    driver.usedEvent = 5;
    mustBe('publish', true, driver.useOne());
  }),
  check('2.7.7.2', 'flags-1', 'Without EVENT_IDX it does not when flags is 1.', (driver) => {
    driver.availFlags = 1;
    mustBe('publish', false, driver.useOne());
  }),
  check('2.7.7.2', 'nothing-new', 'It does not notify when nothing was used.', (driver) => {
    mustBe('publish', false, driver.queue.publish());
    driver.useOne();
    mustBe('the next publish', false, driver.queue.publish());
  }),
  check(
    '2.7.7.2',
    'used-event',
    'With EVENT_IDX it ignores flags, and notifies when used_event is passed.',
    (driver) => {
      driver.availFlags = 1;
      driver.usedEvent = 1;
      const notified = [driver.useOne(), driver.useOne(1), driver.useOne(2)];
      mustBe('publish, three times', [false, true, false], notified);
    },
    { eventIdx: true },
  ),
  check(
    '2.7.7.2',
    'used-event-in-batch',
    'A batch that passes used_event in its middle notifies.',
    (driver) => {
      driver.usedEvent = 1;
      driver.offer(0, 1, 2);
      while (driver.queue.next(driver.chain)) {
        driver.queue.put(driver.chain.id, 0);
      }
      mustBe('publish', true, driver.queue.publish());
    },
    { eventIdx: true },
  ),
  check(
    '2.7.7.2',
    'used-event-wraps',
    'used_event is compared modulo 65536.',
    (driver) => {
      for (let count = 0; count < 65_535; count++) {
        driver.watched.forget();
        driver.useOne(count % SIZE);
      }
      driver.usedEvent = 0xffff;
      mustBe('publish past 65535', true, driver.useOne());
      mustBe('publish past 0', false, driver.useOne());
    },
    { eventIdx: true },
  ),
  check(
    '2.7.7.2',
    'fence',
    'The driver sees idx before it is asked whether it wants to know: else both would wait.',
    (driver) => {
      driver.useOne();
      const { usedIdx, availFlags } = driver.places;
      const what = 'a store of idx, a fence, a load of flags';
      mustOrder(driver.watched, what, ['store', usedIdx], ['load', availFlags]);
    },
  ),
  check('2.7.10.2', 'no-notify', 'Without EVENT_IDX used flags is 1 or 0.', (driver) => {
    driver.queue.disableNotifications();
    mustBe('flags', 1, driver.usedFlags);
    mustBe('enableNotifications', true, driver.queue.enableNotifications());
    mustBe('flags', 0, driver.usedFlags);
    mustBe('avail_event', 0, driver.availEvent);
  }),
  check(
    '2.7.10.2',
    'avail-event',
    'With EVENT_IDX flags stays 0, and avail_event names the next entry.',
    (driver) => {
      driver.useOne();
      driver.queue.disableNotifications();
      mustBe('flags', 0, driver.usedFlags);
      mustBe('enableNotifications', true, driver.queue.enableNotifications());
      mustBe('flags', 0, driver.usedFlags);
      mustBe('avail_event', 1, driver.availEvent);
    },
    { eventIdx: true },
  ),
  ...[false, true].map((eventIdx) =>
    check(
      '2.7.10',
      `looks-again-${eventIdx ? 'event-idx' : 'flags'}`,
      'Who asks to be notified is told of a chain that came meanwhile.',
      (driver) => {
        driver.offer(0);
        mustBe('enableNotifications', false, driver.queue.enableNotifications());
        mustTake(driver);
        mustBe('enableNotifications', true, driver.queue.enableNotifications());
      },
      { eventIdx },
    ),
  ),
];
