/** What the half counts: `DriverQueue.descriptors` and `suppressed`. */
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { DriverQueuePart } from '../part.ts';
import { mustAdd, mustOffer, READ, WRITE } from '../ring/driver-half.ts';
import { MockDevice } from './mock-device.ts';

export const countChecks: readonly Check<DriverQueuePart>[] = [
  {
    id: 'driver-queue/descriptors',
    clause: 'DriverQueue.descriptors',
    title: 'It counts the descriptors that it has made available.',
    run: (part) => {
      const device = new MockDevice(part);
      mustAdd(device, READ, WRITE);
      mustBe('descriptors before they are published', 0, device.queue.descriptors);
      device.queue.publish();
      mustBe('descriptors', 2, device.queue.descriptors);
      mustOffer(device, WRITE);
      mustBe('descriptors', 3, device.queue.descriptors);
    },
  },
  {
    id: 'driver-queue/suppressed',
    clause: 'DriverQueue.suppressed',
    title: 'It counts the notifications that the device did not want.',
    run: (part) => {
      const device = new MockDevice(part);
      const counts = [0, 1, 1, 0].map((flags) => {
        device.usedFlags = flags;
        mustOffer(device, WRITE);
        device.queue.publish();
        return device.queue.suppressed;
      });
      mustBe('suppressed', [0, 1, 2, 2], counts);
    },
  },
];
