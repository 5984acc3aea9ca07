/**
 * A VFIO container: one IOVA space that a user fills, and the groups that are in it. Type1
 * semantics, version 2 (drivers/vfio/container.c and vfio_iommu_type1.c).
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { IommuGroup } from './iommu-group.ts';
import type { Domain, Iommu } from './iommu.ts';
import type { CostName } from './profile.ts';
import { interruptRange } from './vtd.ts';

/** dma_entry_limit: how many mappings a container may have. */
const MOST_MAPPINGS = 65535;

/** A process: its memory, and how much of it it may lock. */
export interface VfioUser {
  readonly name: string;
  /** RLIMIT_MEMLOCK, in pages. */
  readonly lockLimit: number;
  /** Pages that are locked, over all containers; a page that is mapped twice counts twice. */
  lockedPages: number;
  /** Pins the page of the process at `vaddr` and returns its physical address; -1: there is none. */
  pin(vaddr: number): number;
  unpin(physical: number): void;
}

/** A group as its container sees it. */
export interface ContainedGroup {
  readonly group: IommuGroup;
  /** Its container has an IOMMU now. @throws VfioError */
  iommuSet(): void;
}

export class VfioContainer {
  readonly user: VfioUser;
  private readonly iommu: Iommu;
  private readonly charge: (cost: CostName, times: number) => void;
  private readonly groups: ContainedGroup[] = [];
  private domain: Domain | undefined;
  private isOpen = true;
  /** Bytes of each mapping by its IOVA; ascending in `order`. */
  private readonly mappings = new Map<number, number>();
  private order: number[] = [];

  constructor(user: VfioUser, iommu: Iommu, charge: (cost: CostName, times: number) => void) {
    this.user = user;
    this.iommu = iommu;
    this.charge = charge;
  }

  get hasIommu(): boolean {
    return this.domain !== undefined;
  }

  /** Pages that this container holds locked. */
  get pinnedPages(): number {
    let bytes = 0;
    this.mappings.forEach((each) => (bytes += each));
    return bytes / PAGE_BYTES;
  }

  /** VFIO_SET_IOMMU. Only a group gives the privilege to do so. @throws VfioError EINVAL, ENODEV. */
  setIommu(type: string): void {
    this.checkOpen();
    if (this.groups.length === 0 || this.domain !== undefined) {
      const why = this.domain === undefined ? 'it holds no group' : 'it has one';
      throw new VfioError(
        'EINVAL',
        `The container of ${this.user.name} cannot be given an IOMMU, because ${why}.`,
      );
    }
    if (type !== 'type1') {
      throw new VfioError('ENODEV', `There is no IOMMU driver '${type}'.`);
    }
    const domain = this.iommu.createDomain();
    try {
      this.groups.forEach(({ group }) => group.attach(domain));
    } catch (error) {
      this.groups.forEach(({ group }) => group.detach());
      this.iommu.destroyDomain(domain);
      throw error;
    }
    this.domain = domain;
    this.groups.forEach((contained) => contained.iommuSet());
  }

  /**
   * VFIO_IOMMU_MAP_DMA: locks the user's memory from `vaddr` on and lets its devices reach it.
   * @throws VfioError EINVAL misaligned, empty, without access, too high or where interrupts go;
   * EEXIST overlaps a mapping; ENOSPC too many; EFAULT no memory; ENOMEM the lock limit.
   */
  map(vaddr: number, iova: number, bytes: number, access: IoAccess): void {
    this.checkOpen();
    const domain = this.checkDomain();
    checkPages(iova, bytes);
    if (vaddr % PAGE_BYTES !== 0 || !(vaddr >= 0) || (!access.read && !access.write)) {
      throw new VfioError(
        'EINVAL',
        `A mapping needs whole pages and an access (vaddr ${hex(vaddr)}).`,
      );
    }
    const place = this.firstFrom(iova);
    if (this.overlaps(place, iova, bytes)) {
      throw new VfioError(
        'EEXIST',
        `Something is mapped between ${hex(iova)} and ${hex(iova + bytes)} already.`,
      );
    }
    if (this.order.length >= MOST_MAPPINGS) {
      throw new VfioError('ENOSPC', `A container holds at most ${MOST_MAPPINGS} mappings.`);
    }
    const { base, size } = interruptRange;
    if (iova + bytes > domain.table.limit || (iova < base + size && iova + bytes > base)) {
      throw new VfioError(
        'EINVAL',
        `${hex(iova)} to ${hex(iova + bytes)} is outside of the valid IOVA ranges.`,
      );
    }
    this.pinAndMap(domain, vaddr, iova, bytes, access);
    this.order.splice(place, 0, iova);
    this.mappings.set(iova, bytes);
    this.charge('vfio.mapPage', bytes / PAGE_BYTES);
  }

  /**
   * VFIO_IOMMU_UNMAP_DMA: takes away all mappings in a range, and returns their bytes.
   * @throws VfioError EINVAL when the range is misaligned or cuts a mapping.
   */
  unmap(iova: number, bytes: number): number {
    this.checkOpen();
    this.checkDomain();
    checkPages(iova, bytes);
    const from = this.firstFrom(iova);
    const to = this.firstFrom(iova + bytes);
    if (this.reachesPast(from - 1, iova) || (to > from && this.reachesPast(to - 1, iova + bytes))) {
      throw new VfioError(
        'EINVAL',
        `${hex(iova)} to ${hex(iova + bytes)} would cut a mapping in two.`,
      );
    }
    return this.remove(from, to);
  }

  /** The handle goes; what groups hold of the container lasts until they leave it. */
  close(): void {
    this.checkOpen();
    this.isOpen = false;
  }

  /** For VFIO_GROUP_SET_CONTAINER. @throws VfioError EBADF, EPERM. */
  addGroup(contained: ContainedGroup): void {
    this.checkOpen();
    const { group } = contained;
    group.claim(this.user.name);
    try {
      if (this.domain !== undefined) {
        group.attach(this.domain);
      }
    } catch (error) {
      group.release();
      throw error;
    }
    this.groups.push(contained);
  }

  /** For VFIO_GROUP_UNSET_CONTAINER and closes. The last group takes the IOMMU and all mappings with it. */
  removeGroup(contained: ContainedGroup): void {
    this.groups.splice(this.groups.indexOf(contained), 1);
    contained.group.detach();
    if (this.groups.length === 0 && this.domain !== undefined) {
      this.remove(0, this.order.length);
      this.iommu.destroyDomain(this.domain);
      this.domain = undefined;
    }
    contained.group.release();
  }

  /** Locks all pages, then maps each physically contiguous run at once; an error undoes both. */
  private pinAndMap(
    domain: Domain,
    vaddr: number,
    iova: number,
    bytes: number,
    access: IoAccess,
  ): void {
    const pages = this.lock(vaddr, bytes / PAGE_BYTES);
    let mapped = 0;
    try {
      while (mapped < pages.length) {
        const run = runLength(pages, mapped);
        const physical = pages[mapped];
        domain.table.map(iova + mapped * PAGE_BYTES, physical, run * PAGE_BYTES, access);
        mapped += run;
      }
    } catch (error) {
      if (mapped > 0) {
        domain.table.unmap(iova, mapped * PAGE_BYTES);
        this.iommu.invalidatePages(domain, iova, mapped * PAGE_BYTES);
      }
      this.unlock(pages);
      throw error;
    }
  }

  /** The physical addresses of pages of the user, now locked. @throws VfioError ENOMEM, EFAULT. */
  private lock(vaddr: number, count: number): Float64Array {
    const { user } = this;
    if (user.lockedPages + count > user.lockLimit) {
      const limit = user.lockLimit * PAGE_BYTES;
      throw new VfioError(
        'ENOMEM',
        `${user.name} may not lock more memory: RLIMIT_MEMLOCK (${limit}) exceeded.`,
      );
    }
    const pages = new Float64Array(count);
    for (let index = 0; index < count; index++) {
      const physical = user.pin(vaddr + index * PAGE_BYTES);
      if (physical < 0) {
        this.unlock(pages.subarray(0, index));
        throw new VfioError(
          'EFAULT',
          `${user.name} has no memory at ${hex(vaddr + index * PAGE_BYTES)}.`,
        );
      }
      pages[index] = physical;
      user.lockedPages++;
    }
    return pages;
  }

  private unlock(pages: Float64Array): void {
    for (const physical of pages) {
      this.user.unpin(physical);
    }
    this.user.lockedPages -= pages.length;
  }

  /** Removes mappings by their place in `order`, and returns their bytes. */
  private remove(from: number, to: number): number {
    const domain = this.checkDomain();
    let total = 0;
    for (const iova of this.order.splice(from, to - from)) {
      const bytes = this.mappings.get(iova)!;
      // The tables are the only note of which pages were locked.
      const pages = Float64Array.from({ length: bytes / PAGE_BYTES }, (_, index) =>
        domain.table.lookup(iova + index * PAGE_BYTES),
      );
      this.mappings.delete(iova);
      domain.table.unmap(iova, bytes);
      this.charge('iommu.invalidate', 1);
      this.iommu.invalidatePages(domain, iova, bytes);
      // Last: a page stays locked until no IOTLB leads to it.
      this.unlock(pages);
      total += bytes;
    }
    return total;
  }

  /** The place in `order` of the first mapping that begins at or above `iova`. */
  private firstFrom(iova: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.order[middle] < iova) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private overlaps(place: number, iova: number, bytes: number): boolean {
    const next = this.order[place];
    return this.reachesPast(place - 1, iova) || (next !== undefined && next < iova + bytes);
  }

  private reachesPast(place: number, iova: number): boolean {
    const start = this.order[place];
    return start !== undefined && start + this.mappings.get(start)! > iova;
  }

  private checkOpen(): void {
    if (!this.isOpen) {
      throw new VfioError('EBADF', `The container of ${this.user.name} is closed.`);
    }
  }

  private checkDomain(): Domain {
    if (this.domain === undefined) {
      throw new VfioError('EINVAL', `The container of ${this.user.name} has no IOMMU set.`);
    }
    return this.domain;
  }
}

/** How many pages from `first` on lie one behind the other in physical memory. */
function runLength(pages: Float64Array, first: number): number {
  const start = pages[first];
  let run = 1;
  while (pages[first + run] === start + run * PAGE_BYTES) {
    run++;
  }
  return run;
}

function checkPages(iova: number, bytes: number): void {
  if (iova % PAGE_BYTES !== 0 || bytes % PAGE_BYTES !== 0 || !(iova >= 0) || !(bytes > 0)) {
    throw new VfioError(
      'EINVAL',
      `The range ${hex(iova)}, ${hex(bytes)} bytes, is not whole pages.`,
    );
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
