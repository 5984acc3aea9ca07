/** The policies of a DMA API over an IOMMU, by the names of its modes. */
import { deferred } from './deferred.ts';
import type { InvalidationKind } from './invalidation-policy.ts';
import { strict } from './strict.ts';

export type {
  InvalidationKind,
  InvalidationPlace,
  InvalidationPolicy,
} from './invalidation-policy.ts';

export const invalidations = { strict, deferred } satisfies Record<string, InvalidationKind>;
