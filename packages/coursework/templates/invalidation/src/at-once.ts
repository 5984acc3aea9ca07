/**
 * Whatever is unmapped is invalidated at once: safe, and as dear as can be. The rules of each call
 * are at the declarations of `InvalidationPolicy` and `InvalidationPlace`, in `@doorbell/hypervisor`.
 */
import type { InvalidationPlace, InvalidationPolicy } from '@doorbell/hypervisor';

export class AtOnce implements InvalidationPolicy {
  /** Nothing waits yet. */
  readonly pendingPages = 0;
  private readonly place: InvalidationPlace;

  constructor(place: InvalidationPlace) {
    this.place = place;
  }

  unmapped(page: number, pages: number): void {
    this.place.invalidate(page, pages);
    this.place.release(page);
  }

  onTimer(): void {
    // It arms none: `place.arm` would have this called.
  }

  flush(): void {
    // Nothing waits.
  }

  save(): null {
    return null;
  }

  load(): void {
    // There is nothing to restore.
  }
}
