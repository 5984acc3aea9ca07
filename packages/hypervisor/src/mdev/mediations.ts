/** The policies of a mediated bell, by the names of the option `shadow`. */
import { lazyShadow } from './lazy-shadow.ts';
import type { MediationKind } from './mediation-policy.ts';
import { strictShadow } from './strict-shadow.ts';

export const mediations = {
  lazy: lazyShadow,
  strict: strictShadow,
} satisfies Record<string, MediationKind>;

/** One of them, or one that somebody else wrote. */
export type ShadowPolicy = keyof typeof mediations | MediationKind;

export function mediationKind(policy: ShadowPolicy): MediationKind {
  return typeof policy === 'string' ? mediations[policy] : policy;
}
