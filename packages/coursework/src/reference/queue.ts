/** This project's own device half of a split virtqueue, as a part. */
import { SplitDeviceQueue } from '@doorbell/pv-backend';
import type { QueuePart } from '../part.ts';

export const queue: QueuePart = {
  kind: 'queue',
  name: 'split',
  open: (memory, setup, options, first) => new SplitDeviceQueue(memory, setup, options, first),
};
