/** What the package hands in: `doorbell check .` looks here. */
import type { PackedQueuePart } from '@doorbell/coursework';
import { DeviceHalf } from './device-half.ts';

export default {
  kind: 'packed-queue',
  name: '__NAME__',
  open: (memory, setup, options) => new DeviceHalf(memory, setup, options),
} satisfies PackedQueuePart;
