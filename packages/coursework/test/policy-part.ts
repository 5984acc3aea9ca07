/** A part of this project's own that is one of several of its kind. */
import type { Part, PartKind } from '../src/part.ts';
import { invalidationOf } from '../src/reference/invalidation.ts';
import { mediationOf } from '../src/reference/mediation.ts';
import { schedulerOf } from '../src/reference/scheduler.ts';

/** @throws RangeError when its kind has no policies; what those of it throw when there is none of that name. */
export function policyPart(kind: PartKind, policy: string | undefined): Part {
  switch (kind) {
    case 'scheduler':
      return schedulerOf(policy);
    case 'invalidation':
      return invalidationOf(policy);
    case 'mediation':
      return mediationOf(policy);
    default:
      throw new RangeError(`There is one ${kind}, and no policies of it.`);
  }
}
