/**
 * When the translation of an IOVA that a driver has unmapped is invalidated, and when the IOVA is
 * given out again. By the time that a policy hears of it, the entry is gone from the table; what
 * the IOMMU has cached of it is not. Until that is invalidated a device may still reach the memory,
 * which may belong to somebody else by then.
 *
 * IOVAs are in pages of 4 KiB; a range is known by its first page.
 */
import type { Stateful } from '@doorbell/abi';

/** What a policy decides about: one domain of an IOMMU, and the IOVAs of its DMA API. */
export interface InvalidationPlace {
  /** One command, which takes its time: the IOMMU has forgotten the pages when it returns. */
  invalidate(page: number, pages: number): void;
  /** One command as well: it has forgotten all of the domain. */
  invalidateAll(): void;
  /** The range that begins at `page` may be given out again. Once, and not before it is invalidated. */
  release(page: number): void;
  /** Has `onTimer` called in so many nanoseconds, in place of what was armed before. */
  arm(ns: number): void;
  disarm(): void;
}

export interface InvalidationPolicy extends Stateful<unknown> {
  /** Pages that were unmapped and are not invalidated yet. */
  readonly pendingPages: number;
  /**
   * A range of `pages` pages has been unmapped. It is invalidated, and then released, within
   * `exposureNs`: with a bound of 0, before this returns.
   */
  unmapped(page: number, pages: number): void;
  onTimer(): void;
  /** IOVAs are short: invalidates and releases all that waits. Nothing is armed afterwards; if nothing waited, it takes no command. */
  flush(): void;
  /** Plain data. Whether the timer is armed is the machine's to save: `load` neither arms nor disarms it. */
  save(): unknown;
}

export interface InvalidationKind {
  readonly name: string;
  /** For how long a device may still reach what was unmapped, in nanoseconds: 0, or up to a second. */
  readonly exposureNs: number;
  /** For one domain, of which nothing is unmapped yet. */
  open(place: InvalidationPlace): InvalidationPolicy;
}
