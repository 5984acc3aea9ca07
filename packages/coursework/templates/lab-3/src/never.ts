/**
 * Whatever is unmapped is given out again, and the IOMMU is never told. The rules of each call are at
 * the declarations of `InvalidationPolicy` and `InvalidationPlace`, in `@doorbell/hypervisor`.
 */
import type { InvalidationPlace, InvalidationPolicy } from '@doorbell/hypervisor';

export class Never implements InvalidationPolicy {
  readonly pendingPages = 0;
  private readonly place: InvalidationPlace;

  constructor(place: InvalidationPlace) {
    this.place = place;
  }

  unmapped(page: number): void {
    this.place.release(page);
  }

  onTimer(): void {
    // `place.arm` would have this called.
  }

  flush(): void {
    // Whatever waits has to be invalidated here.
  }

  save(): null {
    return null;
  }

  load(): void {
    // There is nothing to restore.
  }
}
