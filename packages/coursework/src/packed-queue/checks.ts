/** What the device half of a packed virtqueue is checked for: VIRTIO 1.3 §2.8, and what no driver may do to it. */
import type { Check } from '../check/check.ts';
import type { PackedQueuePart } from '../part.ts';
import { stackChecks } from '../ring/stacks.ts';
import { countChecks } from './counts.ts';
import { hostileChecks } from './hostile.ts';
import { layoutChecks } from './layout.ts';
import { notificationChecks } from './notifications.ts';
import { usedChecks } from './used.ts';

export const packedQueueChecks: readonly Check<PackedQueuePart>[] = [
  ...layoutChecks,
  ...usedChecks,
  ...notificationChecks,
  ...hostileChecks,
  ...countChecks,
  ...stackChecks<PackedQueuePart>('packed'),
];
