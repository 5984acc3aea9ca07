/** Pages that hold tables trap, and each store to them is followed; the GPU forgets at the flush. */
import type { MediationKind, MediationPolicy, ShadowPlace } from './mediation-policy.ts';
import { mediationOf } from './register-policy.ts';

class StrictShadow implements MediationPolicy {
  private readonly shadow: ShadowPlace;

  constructor(shadow: ShadowPlace) {
    this.shadow = shadow;
  }

  turnedOn(): void {
    this.shadow.sync();
  }

  stored(page: number, offset: number): void {
    this.shadow.follow(page, offset);
  }

  flushed(): void {
    this.shadow.settle();
  }

  submitted(): void {
    // Each store was followed.
  }

  save(): undefined {
    return undefined;
  }

  load(): void {
    // It has no state.
  }
}

export const strictShadow: MediationKind = {
  name: 'strict',
  traps: 'tables',
  passes: (row) => mediationOf(row, 'channel') === 'passed',
  open: (shadow) => new StrictShadow(shadow),
};
