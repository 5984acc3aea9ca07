/** What the device half of a split virtqueue is checked for: VIRTIO 1.3 §2.7, and what no driver may do to it. */
import type { Check } from '../check/check.ts';
import type { QueuePart } from '../part.ts';
import { stackChecks } from '../ring/stacks.ts';
import { countChecks } from './counts.ts';
import { hostileChecks } from './hostile.ts';
import { layoutChecks } from './layout.ts';
import { notificationChecks } from './notifications.ts';

export const queueChecks: readonly Check<QueuePart>[] = [
  ...layoutChecks,
  ...notificationChecks,
  ...hostileChecks,
  ...countChecks,
  ...stackChecks<QueuePart>('split', ['event-idx', 'interrupt', 'poll']),
];
