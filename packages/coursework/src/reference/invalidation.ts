/** This project's own invalidation policies, as parts. */
import { invalidations, type InvalidationKind } from '@doorbell/hypervisor';
import type { InvalidationPart } from '../part.ts';

const all: readonly InvalidationKind[] = Object.values(invalidations);

/** @throws RangeError when there is none of that name. */
export function invalidationOf(policy = 'deferred'): InvalidationPart {
  const found = all.find(({ name }) => name === policy);
  if (found === undefined) {
    throw new RangeError(`There is no invalidation policy '${policy}'.`);
  }
  return { kind: 'invalidation', ...found };
}
