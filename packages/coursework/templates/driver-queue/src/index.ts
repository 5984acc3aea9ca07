/** What the package hands in: `doorbell check .` looks here. */
import type { DriverQueuePart } from '@doorbell/coursework';
import { DriverHalf } from './driver-half.ts';

export default {
  kind: 'driver-queue',
  name: '__NAME__',
  open: (memory, setup, options, tables) => new DriverHalf(memory, setup, options, tables),
} satisfies DriverQueuePart;
