/**
 * The IOVA space of a container (drivers/vfio/vfio_iommu_type1.c): what the user has mapped, and
 * for whom. Groups behind the IOMMU share one domain, for which every mapped page is locked.
 * Mediated devices have no requester of their own: for them a page is locked when their driver
 * pins it, so a container with none but these locks nothing by mapping.
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { DirtyTracking, MOST_BITMAP_BYTES } from './dirty-tracking.ts';
import { VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { IommuGroup } from './iommu-group.ts';
import type { Domain } from './iommu.ts';
import { PinnedPages } from './pinned-pages.ts';
import { RangeList } from './range-list.ts';
import {
  checkPages,
  checkReachable,
  lockMapping,
  unlockMapping,
  type Mapping,
  type Type1Parts,
} from './type1-mapping.ts';
import { asVfioError, hex, pinPages, releaseRange } from './user-pages.ts';
import { interruptRange } from './vtd.ts';

const PAGE_SIZES: readonly number[] = [PAGE_BYTES, 0x20_0000, 0x4000_0000];

/** VFIO_IOMMU_GET_INFO. */
export interface Type1Info {
  /** In bytes; with no group behind the IOMMU, every multiple of the one. */
  readonly pageSizes: readonly number[];
  /** First and last address of each range; none with no group behind the IOMMU. */
  readonly iovaRanges: readonly { readonly start: number; readonly end: number }[];
  /** Mappings that may still be made. */
  readonly dmaAvail: number;
  /** What the calls for dirty pages take: one page size, and a bitmap of so many bytes at most. */
  readonly migration: { readonly pageSize: number; readonly maxBitmapBytes: number };
}

/** A mapping that was there when a state was saved. */
export type AdoptedMapping = Pick<Mapping, 'iova' | 'bytes' | 'vaddr' | 'access'>;

/** What a container's IOMMU holds. */
export interface Type1State {
  readonly version: 1 | 2;
  /** The IOMMU's number of its domain; undefined with no group behind the IOMMU. */
  readonly domain: number | undefined;
  readonly mappings: number;
  readonly mappedBytes: number;
  readonly pinnedPages: number;
}

export class Type1 {
  private readonly parts: Type1Parts;
  /** 1 for VFIO_TYPE1_IOMMU, 2 for VFIO_TYPE1v2_IOMMU. */
  private readonly version: 1 | 2;
  private readonly mappings = new RangeList<Mapping>();
  private domain: Domain | undefined;
  private readonly groups = new Set<IommuGroup>();
  private emulatedGroups = 0;
  readonly pins: PinnedPages;
  readonly dirty: DirtyTracking;

  constructor(version: 1 | 2, parts: Type1Parts) {
    this.version = version;
    this.parts = parts;
    this.pins = new PinnedPages(version, this.mappings, parts);
    this.dirty = new DirtyTracking(version, this.mappings);
  }

  /** Pages that it holds locked, of a device behind the IOMMU or by a mediated one. */
  get pinnedPages(): number {
    let pages = 0;
    for (const { isMapped, bytes, pins } of this.mappings.all()) {
      pages += isMapped ? bytes / PAGE_BYTES : pins.size;
    }
    return pages;
  }

  describe(): Type1State {
    const { version, mappings, pinnedPages } = this;
    const mappedBytes = mappings.all().reduce((sum, { bytes }) => sum + bytes, 0);
    const domain = this.domain?.id;
    return { version, domain, mappings: mappings.size, mappedBytes, pinnedPages };
  }

  info(): Type1Info {
    const { base, size } = interruptRange;
    const { domain } = this;
    return {
      pageSizes: domain === undefined ? [PAGE_BYTES] : PAGE_SIZES,
      iovaRanges:
        domain === undefined
          ? []
          : [
              { start: 0, end: base - 1 },
              { start: base + size, end: domain.table.limit - 1 },
            ],
      dmaAvail: this.parts.entryLimit - this.mappings.size,
      migration: { pageSize: PAGE_BYTES, maxBitmapBytes: MOST_BITMAP_BYTES },
    };
  }

  // ------------------------------------------------------------------------------ groups

  /**
   * Lets a group's functions reach what is mapped. The first group has everything locked.
   * @throws VfioError EINVAL something is mapped where its requests do not go; ENOMEM, EFAULT.
   */
  attachGroup(group: IommuGroup): void {
    const domain = this.domain ?? this.newDomain();
    try {
      group.attach(domain);
    } catch (error) {
      group.detach();
      this.dropUnusedDomain(domain);
      throw asVfioError(error);
    }
    this.domain = domain;
    this.groups.add(group);
  }

  /** The last group that needs them takes the mappings with it. */
  detachGroup(group: IommuGroup): void {
    this.groups.delete(group);
    group.detach();
    // It may have written anywhere, and is asked no more.
    this.dirty.allDirty();
    if (this.groups.size > 0) {
      return;
    }
    this.removeUnneeded();
    const { domain } = this;
    if (domain !== undefined) {
      this.mappings.all().forEach((mapping) => {
        unlockMapping(this.parts, mapping, domain);
      });
      this.domain = undefined;
      this.parts.iommu.destroyDomain(domain);
    }
  }

  /** A group of a mediated device, which the IOMMU does not know. */
  attachEmulated(): void {
    this.emulatedGroups++;
  }

  detachEmulated(): void {
    this.emulatedGroups--;
    this.removeUnneeded();
  }

  // ------------------------------------------------------------------------------ map, unmap

  /**
   * VFIO_IOMMU_MAP_DMA: lets devices reach the user's memory from `vaddr` on.
   * @throws VfioError EINVAL misaligned, empty, without access, too high or where interrupts go;
   * EEXIST overlaps a mapping; ENOSPC too many; EFAULT no memory; ENOMEM the lock limit.
   */
  map(vaddr: number, iova: number, bytes: number, access: IoAccess): void {
    checkPages(iova, bytes);
    if (vaddr % PAGE_BYTES !== 0 || !(vaddr >= 0) || (!access.read && !access.write)) {
      throw new VfioError(
        'EINVAL',
        `A mapping needs whole pages and an access (vaddr ${hex(vaddr)}).`,
      );
    }
    if (this.mappings.overlaps(iova, bytes)) {
      throw new VfioError(
        'EEXIST',
        `Something is mapped between ${hex(iova)} and ${hex(iova + bytes)} already.`,
      );
    }
    const { entryLimit } = this.parts;
    if (this.mappings.size >= entryLimit) {
      throw new VfioError('ENOSPC', `A container holds at most ${entryLimit} mappings.`);
    }
    const dirty = this.dirty.pagesFor(bytes);
    const mapping = { iova, bytes, vaddr, access, isMapped: false, pins: new Map(), dirty };
    if (this.domain !== undefined) {
      checkReachable(this.domain, mapping);
      lockMapping(this.parts, mapping, this.domain);
      this.parts.charge('vfio.mapPage', bytes / PAGE_BYTES);
    }
    this.mappings.add(mapping);
  }

  /**
   * VFIO_IOMMU_UNMAP_DMA: takes away all mappings in a range, and returns their bytes. Version 1
   * does not refuse a range that cuts a mapping: what it does not begin stays, what it begins goes
   * whole. `bitmap` gets what is dirty of them (VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP).
   * @throws VfioError EINVAL the range is misaligned or cuts a mapping; a bitmap without tracking.
   */
  unmap(iova: number, bytes: number, bitmap?: Uint8Array): number {
    checkPages(iova, bytes);
    if (bitmap !== undefined) {
      this.dirty.check(bytes, bitmap);
    }
    const first = this.mappings.at(iova);
    if (this.version === 1 && first !== undefined && first.iova < iova) {
      return 0;
    }
    if (this.version === 2 && this.mappings.isCutBy(iova, bytes)) {
      throw new VfioError(
        'EINVAL',
        `${hex(iova)} to ${hex(iova + bytes)} would cut a mapping in two.`,
      );
    }
    if (bitmap !== undefined) {
      this.dirty.collect(iova, bytes, bitmap);
    }
    return this.remove(iova, bytes);
  }

  /** VFIO_DMA_UNMAP_FLAG_ALL. */
  unmapAll(): number {
    return this.remove(0, Infinity);
  }

  /**
   * What was mapped when a state was saved, in place of what is mapped now. Memory holds the tables
   * that lead there, so that none is written, and it costs nothing.
   */
  adopt(mappings: readonly AdoptedMapping[]): void {
    const { user } = this.parts;
    const isMapped = this.domain !== undefined;
    for (const { vaddr, bytes } of this.mappings.takeStartingIn(0, Infinity)) {
      releaseRange(user, vaddr, isMapped ? bytes / PAGE_BYTES : 0);
    }
    for (const mapping of mappings) {
      const { vaddr, bytes } = mapping;
      user.lockedPages += isMapped ? pinPages(user, vaddr, bytes / PAGE_BYTES).length : 0;
      const dirty = this.dirty.pagesFor(bytes);
      this.mappings.add({ ...mapping, isMapped, pins: new Map(), dirty });
    }
  }

  // ------------------------------------------------------------------------------ domain

  /** A domain with everything that is mapped. */
  private newDomain(): Domain {
    const { iommu } = this.parts;
    let domain: Domain | undefined;
    const done: Mapping[] = [];
    try {
      domain = iommu.createDomain();
      for (const mapping of this.mappings.all()) {
        checkReachable(domain, mapping);
        lockMapping(this.parts, mapping, domain);
        done.push(mapping);
      }
      return domain;
    } catch (error) {
      if (domain !== undefined) {
        for (const mapping of done) {
          unlockMapping(this.parts, mapping, domain);
        }
        iommu.destroyDomain(domain);
      }
      throw asVfioError(error);
    }
  }

  private dropUnusedDomain(domain: Domain): void {
    if (this.domain === undefined) {
      this.mappings.all().forEach((mapping) => {
        unlockMapping(this.parts, mapping, domain);
      });
      this.parts.iommu.destroyDomain(domain);
    }
  }

  /** Mappings last as long as there is a group. */
  private removeUnneeded(): void {
    if (this.groups.size === 0 && this.emulatedGroups === 0) {
      this.unmapAll();
    }
  }

  /** Removes the mappings that begin in a range, and returns their bytes. */
  private remove(iova: number, bytes: number): number {
    for (const mapping of this.mappings.startingIn(iova, bytes)) {
      this.pins.tellUnmap(mapping);
    }
    let total = 0;
    for (const mapping of this.mappings.takeStartingIn(iova, bytes)) {
      if (mapping.isMapped) {
        unlockMapping(this.parts, mapping, this.domain!);
      }
      total += mapping.bytes;
    }
    return total;
  }
}
