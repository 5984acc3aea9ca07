/** This project's own driver half of a packed virtqueue, as a part. */
import { PackedDriverQueue } from '@doorbell/pv-frontend';
import type { PackedDriverQueuePart } from '../part.ts';

export const packedDriverQueue: PackedDriverQueuePart = {
  kind: 'packed-driver-queue',
  name: 'packed',
  open: (memory, setup, options, tables) => new PackedDriverQueue(memory, setup, options, tables),
};
