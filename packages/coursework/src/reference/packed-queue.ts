/** This project's own device half of a packed virtqueue, as a part. */
import { PackedDeviceQueue } from '@doorbell/pv-backend';
import type { PackedQueuePart } from '../part.ts';

export const packedQueue: PackedQueuePart = {
  kind: 'packed-queue',
  name: 'packed',
  open: (memory, setup, options) => new PackedDeviceQueue(memory, setup, options),
};
