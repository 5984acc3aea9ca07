/** A check of the driver half of a split virtqueue: a device at its other end does something. */
import type { DriverQueuePart } from '../part.ts';
import { checksWith } from '../ring/ring-check.ts';
import { MockDevice, type MockOptions } from './mock-device.ts';

export const check = checksWith(
  (part: DriverQueuePart, options: MockOptions | undefined) => new MockDevice(part, options),
);
