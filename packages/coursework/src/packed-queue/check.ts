/** A check of the device half of a packed virtqueue: a driver at its other end does something. */
import type { PackedQueuePart } from '../part.ts';
import { checksWith } from '../ring/ring-check.ts';
import { MockDriver, type MockOptions } from './mock-driver.ts';

export const check = checksWith(
  (part: PackedQueuePart, options: MockOptions | undefined) => new MockDriver(part, options),
);
