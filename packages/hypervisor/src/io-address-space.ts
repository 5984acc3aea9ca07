/**
 * What an iommufd maps (drivers/iommu/iommufd/io_pagetable.c, hw_pagetable.c): an IOAS is a set of
 * areas of the user's memory by IOVA; an HWPT is a domain of the IOMMU that holds all of an IOAS.
 * Pages are locked once, while there is an HWPT, however many there are.
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { Domain, Iommu } from './iommu.ts';
import type { CostName } from './profile.ts';
import { RangeList, type AddressRange } from './range-list.ts';
import { checkPages } from './type1-mapping.ts';
import {
  asVfioError,
  countLocked,
  hex,
  mapPages,
  pinPages,
  unmapPages,
  unpinPages,
  type VfioUser,
} from './user-pages.ts';
import { interruptRange } from './vtd.ts';

export interface IoasParts {
  readonly user: VfioUser;
  readonly iommu: Iommu;
  readonly charge: (cost: CostName, times: number) => void;
}

interface Area extends AddressRange {
  readonly vaddr: number;
  readonly access: IoAccess;
  /** Physical addresses, while they are locked. */
  pages: Float64Array | undefined;
}

const ADDRESSES = 2 ** 52;

export class IoAddressSpace {
  private readonly parts: IoasParts;
  private readonly areas = new RangeList<Area>();
  private readonly domains = new Set<Domain>();
  /** Devices that are attached: none of them can use where interrupts go. */
  private attachedDevices = 0;

  constructor(parts: IoasParts) {
    this.parts = parts;
  }

  /** Pages that it holds locked. */
  get pinnedPages(): number {
    return this.areas.all().reduce((sum, { pages }) => sum + (pages?.length ?? 0), 0);
  }

  /**
   * IOMMU_IOAS_MAP, at `iova`, or where there is room; gives the IOVA.
   * @throws VfioError EINVAL misaligned, empty, without access, or not to be used; EEXIST overlaps;
   * ENOSPC no room; EFAULT no memory; ENOMEM the lock limit.
   */
  map(vaddr: number, bytes: number, access: IoAccess, iova?: number): number {
    checkPages(vaddr, bytes);
    if (!access.read && !access.write) {
      throw new VfioError('EINVAL', 'A mapping needs an access.');
    }
    const at = iova ?? this.room(vaddr, bytes);
    checkPages(at, bytes);
    if (this.reserved().some((range) => overlap(range, { iova: at, bytes }))) {
      throw new VfioError('EINVAL', `${hex(at)} to ${hex(at + bytes)} cannot be used by devices.`);
    }
    if (this.areas.overlaps(at, bytes)) {
      throw new VfioError(
        'EEXIST',
        `Something is mapped between ${hex(at)} and ${hex(at + bytes)} already.`,
      );
    }
    const area: Area = { iova: at, bytes, vaddr, access, pages: undefined };
    if (this.domains.size > 0) {
      this.fill(area, [...this.domains]);
    }
    this.areas.add(area);
    return at;
  }

  /** IOMMU_IOAS_UNMAP of whole areas; gives their bytes. @throws VfioError EINVAL; ENOENT none, or a part of one. */
  unmap(iova: number, bytes: number): number {
    checkPages(iova, bytes);
    if (this.areas.isCutBy(iova, bytes) || this.areas.startingIn(iova, bytes).length === 0) {
      throw new VfioError(
        'ENOENT',
        `${hex(iova)} to ${hex(iova + bytes)} is not made of whole mappings.`,
      );
    }
    return this.remove(iova, bytes);
  }

  /** IOMMU_IOAS_UNMAP from 0 to the end; gives the bytes. */
  unmapAll(): number {
    return this.remove(0, Infinity);
  }

  /** IOMMU_IOAS_IOVA_RANGES: what may be mapped now, first and last address. */
  ranges(): readonly { readonly start: number; readonly end: number }[] {
    const ranges: { start: number; end: number }[] = [];
    let start = 0;
    for (const { iova, bytes } of this.reserved()) {
      ranges.push({ start, end: iova - 1 });
      start = iova + bytes;
    }
    return start >= ADDRESSES ? ranges : [...ranges, { start, end: ADDRESSES - 1 }];
  }

  /** A domain that holds everything that is mapped, and will. @throws VfioError ENOMEM, EFAULT, EADDRINUSE, ENOSPC. */
  addDomain(): Domain {
    const { iommu } = this.parts;
    const done: Area[] = [];
    let domain: Domain | undefined;
    try {
      domain = iommu.createDomain();
      this.checkFree({ iova: domain.table.limit, bytes: ADDRESSES - domain.table.limit });
      for (const area of this.areas.all()) {
        this.fill(area, [domain]);
        done.push(area);
      }
    } catch (error) {
      if (domain !== undefined) {
        const made = domain;
        done.forEach((area) => {
          this.empty(area, [made]);
        });
        iommu.destroyDomain(made);
      }
      throw asVfioError(error);
    }
    this.domains.add(domain);
    return domain;
  }

  /** Nothing is attached to it any more. */
  removeDomain(domain: Domain): void {
    this.domains.delete(domain);
    this.areas.all().forEach((area) => {
      this.empty(area, [domain]);
    });
    this.parts.iommu.destroyDomain(domain);
  }

  /** A device is about to be attached. @throws VfioError EADDRINUSE something is mapped where its interrupts go. */
  reserve(devices: number): void {
    this.checkFree({ iova: interruptRange.base, bytes: interruptRange.size });
    this.attachedDevices += devices;
  }

  unreserve(devices: number): void {
    this.attachedDevices -= devices;
  }

  private checkFree({ iova, bytes }: AddressRange): void {
    if (this.areas.overlaps(iova, bytes)) {
      throw new VfioError(
        'EADDRINUSE',
        `Something is mapped from ${hex(iova)} on, where the device cannot reach memory.`,
      );
    }
  }

  /** Ascending. */
  private reserved(): readonly AddressRange[] {
    const { base, size } = interruptRange;
    const [domain] = this.domains;
    return [
      ...(this.attachedDevices === 0 ? [] : [{ iova: base, bytes: size }]),
      ...(domain === undefined
        ? []
        : [{ iova: domain.table.limit, bytes: ADDRESSES - domain.table.limit }]),
    ];
  }

  /** The lowest place above the first page, aligned so that large pages may be used. */
  private room(vaddr: number, bytes: number): number {
    let align = PAGE_BYTES;
    while (align < bytes && vaddr % (align * 2) === 0) {
      align *= 2;
    }
    let at = align;
    const taken = [...this.reserved(), ...this.areas.all()].sort((a, b) => a.iova - b.iova);
    for (const range of taken) {
      if (overlap(range, { iova: at, bytes })) {
        at = Math.ceil((range.iova + range.bytes) / align) * align;
      }
    }
    if (at + bytes > ADDRESSES) {
      throw new VfioError('ENOSPC', `There is no room for ${hex(bytes)} bytes.`);
    }
    return at;
  }

  /** Locks an area's pages if they are not, and enters them into domains. */
  private fill(area: Area, domains: readonly Domain[]): void {
    const { user, iommu, charge } = this.parts;
    const isFirst = area.pages === undefined;
    const pages = area.pages ?? this.lock(area);
    const filled: Domain[] = [];
    try {
      for (const domain of domains) {
        mapPages(iommu, domain, area.iova, pages, area.access);
        filled.push(domain);
      }
    } catch (error) {
      filled.forEach((domain) => {
        unmapPages(iommu, domain, area.iova, area.bytes);
      });
      if (isFirst) {
        unpinPages(user, pages);
        user.lockedPages -= pages.length;
      }
      throw error;
    }
    charge('vfio.mapPage', pages.length * domains.length);
    area.pages = pages;
  }

  private lock({ vaddr, bytes }: Area): Float64Array {
    const { user } = this.parts;
    const pages = pinPages(user, vaddr, bytes / PAGE_BYTES);
    try {
      countLocked(user, pages.length);
    } catch (error) {
      unpinPages(user, pages);
      throw error;
    }
    return pages;
  }

  /** Takes an area out of domains; without one that still needs them, its pages are unlocked. */
  private empty(area: Area, domains: readonly Domain[]): void {
    const { user, iommu, charge } = this.parts;
    for (const domain of domains) {
      charge('iommu.invalidate', 1);
      unmapPages(iommu, domain, area.iova, area.bytes);
    }
    const isNeeded = [...this.domains].some((domain) => !domains.includes(domain));
    if (area.pages !== undefined && !isNeeded) {
      unpinPages(user, area.pages);
      user.lockedPages -= area.pages.length;
      area.pages = undefined;
    }
  }

  private remove(iova: number, bytes: number): number {
    let total = 0;
    for (const area of this.areas.takeStartingIn(iova, bytes)) {
      this.empty(area, [...this.domains]);
      total += area.bytes;
    }
    return total;
  }
}

function overlap(one: AddressRange, other: AddressRange): boolean {
  return one.iova < other.iova + other.bytes && other.iova < one.iova + one.bytes;
}
