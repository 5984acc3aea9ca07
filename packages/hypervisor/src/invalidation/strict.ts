/** What is unmapped is invalidated at once, range by range: iommu.strict=1 of Linux. */
import type {
  InvalidationKind,
  InvalidationPlace,
  InvalidationPolicy,
} from './invalidation-policy.ts';

class Strict implements InvalidationPolicy {
  readonly pendingPages = 0;
  private readonly place: InvalidationPlace;

  constructor(place: InvalidationPlace) {
    this.place = place;
  }

  unmapped(page: number, pages: number): void {
    // Invalidate first: from the moment that the IOVA is free, someone else may be given it.
    this.place.invalidate(page, pages);
    this.place.release(page);
  }

  onTimer(): void {
    // It arms none.
  }

  flush(): void {
    // Nothing ever waits.
  }

  save(): undefined {
    return undefined;
  }

  load(): void {
    // It has no state.
  }
}

export const strict: InvalidationKind = {
  name: 'strict',
  exposureNs: 0,
  open: (place) => new Strict(place),
};
