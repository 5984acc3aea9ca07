/** What the package hands in: `doorbell check .` looks here. */
import type { QueuePart } from '@doorbell/coursework';
import { DeviceHalf } from './device-half.ts';

export default {
  kind: 'queue',
  name: '__NAME__',
  open: (memory, setup, options) => new DeviceHalf(memory, setup, options),
} satisfies QueuePart;
