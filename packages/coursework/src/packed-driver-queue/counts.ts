/** What the driver half of a packed virtqueue counts. */
import { eventFlags } from '@doorbell/abi';
import type { PackedDriverQueuePart } from '../part.ts';
import { driverCountChecks } from '../ring/driver-counts.ts';
import { MockDevice } from './mock-device.ts';

export const countChecks = driverCountChecks((part: PackedDriverQueuePart) => {
  const device = new MockDevice(part);
  const wants = (isNotified: boolean): void => {
    device.wants(isNotified ? eventFlags.ENABLE : eventFlags.DISABLE);
  };
  return { queue: device.queue, wants };
});
