/** What the package hands in: `doorbell check .` looks here. */
import type { InvalidationPart } from '@doorbell/coursework';
import { AtOnce } from './at-once.ts';

export default {
  kind: 'invalidation',
  name: '__NAME__',
  /** 10 ms, as Linux has it: time that is not used yet. */
  exposureNs: 10_000_000,
  open: (place) => new AtOnce(place),
} satisfies InvalidationPart;
