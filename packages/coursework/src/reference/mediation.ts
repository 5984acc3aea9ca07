/** This project's own mediation policies, as parts. */
import { mediations, type MediationKind } from '@doorbell/hypervisor';
import type { MediationPart } from '../part.ts';

const all: readonly MediationKind[] = Object.values(mediations);

/** @throws RangeError when there is none of that name. */
export function mediationOf(policy = 'lazy'): MediationPart {
  const found = all.find(({ name }) => name === policy);
  if (found === undefined) {
    throw new RangeError(`There is no mediation policy '${policy}'.`);
  }
  return { kind: 'mediation', ...found };
}
