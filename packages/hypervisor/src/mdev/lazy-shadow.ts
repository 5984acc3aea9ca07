/** Nothing traps; all tables are read at flush and submission, as hardware that caches entries allows. */
import type { MediationKind, MediationPolicy, ShadowPlace } from './mediation-policy.ts';
import { mediationOf } from './register-policy.ts';

class LazyShadow implements MediationPolicy {
  private readonly shadow: ShadowPlace;

  constructor(shadow: ShadowPlace) {
    this.shadow = shadow;
  }

  turnedOn(): void {
    this.shadow.sync();
  }

  stored(): void {
    // Nothing traps.
  }

  flushed(): void {
    // An idle channel is made good at its next submission, which reads the tables anyway.
    if (this.shadow.isRunning) {
      this.shadow.sync();
    }
  }

  submitted(): void {
    this.shadow.sync();
  }

  save(): undefined {
    return undefined;
  }

  load(): void {
    // It has no state.
  }
}

export const lazyShadow: MediationKind = {
  name: 'lazy',
  traps: 'nothing',
  passes: (row) => mediationOf(row, 'channel') === 'passed',
  open: (shadow) => new LazyShadow(shadow),
};
