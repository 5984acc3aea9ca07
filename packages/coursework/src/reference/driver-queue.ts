/** This project's own driver half of a split virtqueue, as a part. */
import { SplitDriverQueue } from '@doorbell/pv-frontend';
import type { DriverQueuePart } from '../part.ts';

export const driverQueue: DriverQueuePart = {
  kind: 'driver-queue',
  name: 'split',
  open: (memory, setup, options, tables) => new SplitDriverQueue(memory, setup, options, tables),
};
