/** What the driver half of a packed virtqueue is checked for: VIRTIO 1.3 §2.8, and what no device may do to it. */
import type { Check } from '../check/check.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import { stackChecks } from '../ring/stacks.ts';

export const packedDriverQueueChecks: readonly Check<PackedDriverQueuePart>[] = [
  ...stackChecks<PackedDriverQueuePart>('packed'),
];
