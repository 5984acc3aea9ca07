/** What the driver half of a split virtqueue is checked for: VIRTIO 1.3 §2.7, and what no device may do to it. */
import type { Check } from '../check/check.ts';
import type { DriverQueuePart } from '../part.ts';
import { stackChecks } from '../ring/stacks.ts';
import { countChecks } from './counts.ts';
import { hostileChecks } from './hostile.ts';
import { indirectChecks } from './indirect.ts';
import { layoutChecks } from './layout.ts';
import { notificationChecks } from './notifications.ts';
import { usedChecks } from './used.ts';

export const driverQueueChecks: readonly Check<DriverQueuePart>[] = [
  ...layoutChecks,
  ...indirectChecks,
  ...usedChecks,
  ...notificationChecks,
  ...hostileChecks,
  ...countChecks,
  ...stackChecks<DriverQueuePart>('split'),
];
