/**
 * The shadow follows each store to a page table at once, and has the GPU forget what it knew: never
 * stale, and as dear as can be. The rules of each call are at the declarations of `MediationPolicy`
 * and `ShadowPlace`, in `@doorbell/hypervisor`; what a guest may rely on is in the datasheet,
 * docs/reference/bell.md.
 */
import type { MediationPolicy, ShadowPlace } from '@doorbell/hypervisor';

export class FollowEverything implements MediationPolicy {
  private readonly shadow: ShadowPlace;

  constructor(shadow: ShadowPlace) {
    this.shadow = shadow;
  }

  turnedOn(): void {
    this.shadow.sync();
  }

  stored(page: number, offset: number): void {
    this.shadow.follow(page, offset);
    this.shadow.settle();
  }

  flushed(): void {
    // It was followed already.
  }

  submitted(): void {
    // It was followed already.
  }

  save(): null {
    return null;
  }

  load(): void {
    // There is nothing to restore.
  }
}
