/** What the package hands in: `doorbell check .` looks here. */
import type { InvalidationPart } from '@doorbell/coursework';
import { Never } from './never.ts';

export default {
  kind: 'invalidation',
  name: '__NAME__',
  /** A promise that is not kept yet. */
  exposureNs: 0,
  open: (place) => new Never(place),
} satisfies InvalidationPart;
