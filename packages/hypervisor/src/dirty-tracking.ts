/**
 * What devices have written of a container's mappings (VFIO_IOMMU_DIRTY_PAGES in
 * drivers/vfio/vfio_iommu_type1.c). A group behind the IOMMU writes without telling: with one in
 * the container, every page that is locked for it is dirty. Of mediated devices those pages are
 * that were pinned meanwhile.
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { DirtyPages } from './dirty-pages.ts';
import { VfioError } from './errno.ts';
import type { RangeList } from './range-list.ts';
import { checkPages, markPinned, type Mapping } from './type1-mapping.ts';
import { hex } from './user-pages.ts';

/** DIRTY_BITMAP_SIZE_MAX. */
export const MOST_BITMAP_BYTES = 2 ** 28;

export class DirtyTracking {
  private readonly version: 1 | 2;
  private readonly mappings: RangeList<Mapping>;
  private isOn = false;

  constructor(version: 1 | 2, mappings: RangeList<Mapping>) {
    this.version = version;
    this.mappings = mappings;
  }

  /** VFIO_IOMMU_DIRTY_PAGES_FLAG_START: pages that are pinned count as dirty. @throws VfioError EACCES. */
  start(): void {
    this.checkVersion();
    if (this.isOn) {
      return;
    }
    this.isOn = true;
    for (const mapping of this.mappings.all()) {
      mapping.dirty = new DirtyPages(mapping.bytes);
      markPinned(mapping);
    }
  }

  /** VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP. @throws VfioError EACCES. */
  stop(): void {
    this.checkVersion();
    this.isOn = false;
    for (const mapping of this.mappings.all()) {
      mapping.dirty = undefined;
    }
  }

  /**
   * VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP: adds what was written of a range to `bitmap`, bit n
   * for its page n, and begins anew.
   * @throws VfioError EINVAL without tracking, for a range that cuts a mapping, a short bitmap; EACCES.
   */
  get(iova: number, bytes: number, bitmap: Uint8Array): void {
    this.checkVersion();
    checkPages(iova, bytes);
    this.check(bytes, bitmap);
    if (this.mappings.isCutBy(iova, bytes)) {
      throw new VfioError(
        'EINVAL',
        `${hex(iova)} to ${hex(iova + bytes)} covers a part of a mapping.`,
      );
    }
    this.collect(iova, bytes, bitmap);
  }

  /** Whether a bitmap of a range may be asked for. @throws VfioError EINVAL. */
  check(bytes: number, bitmap: Uint8Array): void {
    if (!this.isOn) {
      throw new VfioError('EINVAL', 'Dirty pages are not tracked.');
    }
    if (bitmap.length > MOST_BITMAP_BYTES || bitmap.length * 8 < bytes / PAGE_BYTES) {
      throw new VfioError('EINVAL', `A bitmap of ${bitmap.length} bytes does not fit the range.`);
    }
  }

  /** Adds what was written of the mappings that begin in a range. */
  collect(iova: number, bytes: number, bitmap: Uint8Array): void {
    for (const mapping of this.mappings.startingIn(iova, bytes)) {
      if (mapping.isMapped) {
        mapping.dirty?.setAll();
      }
      mapping.dirty?.addTo(bitmap, (mapping.iova - iova) / PAGE_BYTES);
      mapping.dirty?.clear();
      markPinned(mapping);
    }
  }

  /** For a new mapping of so many bytes. */
  pagesFor(bytes: number): DirtyPages | undefined {
    return this.isOn ? new DirtyPages(bytes) : undefined;
  }

  /** A group behind the IOMMU leaves. */
  allDirty(): void {
    this.mappings.all().forEach(({ dirty }) => dirty?.setAll());
  }

  private checkVersion(): void {
    if (this.version === 1) {
      throw new VfioError('EACCES', 'Dirty pages are tracked in a container of type1v2 only.');
    }
  }
}
