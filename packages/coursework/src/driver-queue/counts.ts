/** What the driver half of a split virtqueue counts. */
import { USED_NO_NOTIFY } from '@doorbell/abi';
import type { DriverQueuePart } from '../part.ts';
import { driverCountChecks } from '../ring/driver-counts.ts';
import { MockDevice } from './mock-device.ts';

export const countChecks = driverCountChecks((part: DriverQueuePart) => {
  const device = new MockDevice(part);
  const wants = (isNotified: boolean): void => {
    device.usedFlags = isNotified ? 0 : USED_NO_NOTIFY;
  };
  return { queue: device.queue, wants };
});
