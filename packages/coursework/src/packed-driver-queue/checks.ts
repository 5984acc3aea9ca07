/** What the driver half of a packed virtqueue is checked for: VIRTIO 1.3 §2.8, and what no device may do to it. */
import type { Check } from '../check/check.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { stackChecks } from '../ring/stacks.ts';
import { countChecks } from './counts.ts';
import { hostileChecks } from './hostile.ts';
import { indirectChecks } from './indirect.ts';
import { layoutChecks } from './layout.ts';
import { notificationChecks } from './notifications.ts';
import { usedChecks } from './used.ts';

export const packedDriverQueueChecks: readonly Check<PackedDriverQueuePart>[] = [
  ...layoutChecks,
  ...indirectChecks,
  ...usedChecks,
  ...notificationChecks,
  ...hostileChecks,
  ...countChecks,
  ...stackChecks<PackedDriverQueuePart>('packed'),
];
