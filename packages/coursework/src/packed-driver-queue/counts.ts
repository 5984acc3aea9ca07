/** What the half counts: `DriverQueue.descriptors` and `suppressed`. */
import { eventFlags } from '@doorbell/abi';
import type { Check } from '../check/check.ts';
import { mustBe } from '../check/must-be.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { mustAdd, mustOffer, READ, WRITE } from '../ring/driver-half.ts';
import { MockDevice } from './mock-device.ts';

const { ENABLE, DISABLE } = eventFlags;

export const countChecks: readonly Check<PackedDriverQueuePart>[] = [
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
      const counts = [ENABLE, DISABLE, DISABLE, ENABLE].map((flags) => {
        device.wants(flags);
        mustOffer(device, WRITE);
        device.queue.publish();
        return device.queue.suppressed;
      });
      mustBe('suppressed', [0, 1, 2, 2], counts);
    },
  },
];
