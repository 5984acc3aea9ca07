/** A check of the device half of a split virtqueue: a driver at its other end does something. */
import { checksWith } from '../ring/ring-check.ts';
import type { QueuePart } from '../part.ts';
import { MockDriver, type MockOptions } from './mock-driver.ts';

export const check = checksWith(
  (part: QueuePart, options: MockOptions | undefined) => new MockDriver(part, options),
);
