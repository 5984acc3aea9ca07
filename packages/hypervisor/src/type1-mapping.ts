/**
 * What a user of a container has mapped: memory of its own, by IOVA; locked and entered into a
 * domain while a group behind the IOMMU needs it (struct vfio_dma in vfio_iommu_type1.c).
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { DirtyPages } from './dirty-pages.ts';
import { VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { Domain, Iommu } from './iommu.ts';
import type { CostName } from './profile.ts';
import type { AddressRange } from './range-list.ts';
import {
  countLocked,
  hex,
  mapPages,
  pagesIn,
  pinPages,
  unmapPages,
  unpinPages,
  type VfioUser,
} from './user-pages.ts';
import { interruptRange } from './vtd.ts';

export interface Type1Parts {
  readonly user: VfioUser;
  readonly iommu: Iommu;
  readonly charge: (cost: CostName, times: number) => void;
  /** dma_entry_limit, the module's parameter: how many mappings a container may have. */
  readonly entryLimit: number;
  /** disable_hugepages, the module's parameter: the IOMMU is given pages of 4 KiB, one by one. */
  readonly disableHugepages?: boolean;
}

/** A page that mediated devices have pinned, how often. */
export interface Pin {
  readonly physical: number;
  count: number;
}

export interface Mapping extends AddressRange {
  readonly vaddr: number;
  readonly access: IoAccess;
  /** Its pages are locked, and in the domain. */
  isMapped: boolean;
  /** By IOVA. */
  readonly pins: Map<number, Pin>;
  /** While dirty pages are tracked. */
  dirty: DirtyPages | undefined;
}

/**
 * Locks a mapping's pages and enters them. Those that a mediated device has pinned are counted
 * already. @throws VfioError EFAULT, ENOMEM.
 */
export function lockMapping(parts: Type1Parts, mapping: Mapping, domain: Domain): void {
  const { user, iommu, disableHugepages = false } = parts;
  const { vaddr, iova, bytes, access, pins } = mapping;
  const pages = pinPages(user, vaddr, bytes / PAGE_BYTES);
  let counted = 0;
  try {
    countLocked(user, pages.length - pins.size);
    counted = pages.length - pins.size;
    mapPages(iommu, domain, iova, pages, access, disableHugepages ? 1 : Infinity);
  } catch (error) {
    user.lockedPages -= counted;
    unpinPages(user, pages);
    throw error;
  }
  mapping.isMapped = true;
}

export function unlockMapping(
  { user, iommu, charge }: Type1Parts,
  mapping: Mapping,
  domain: Domain,
): void {
  const { iova, bytes, pins } = mapping;
  const pages = pagesIn(domain, iova, bytes);
  charge('iommu.invalidate', 1);
  unmapPages(iommu, domain, iova, bytes);
  // Last: a page stays locked until no IOTLB leads to it.
  unpinPages(user, pages);
  user.lockedPages -= pages.length - pins.size;
  mapping.isMapped = false;
}

/** What is pinned may be written at any time. */
export function markPinned({ iova, pins, dirty }: Mapping): void {
  for (const at of pins.keys()) {
    dirty?.set((at - iova) / PAGE_BYTES);
  }
}

/** @throws VfioError EINVAL for a range that is misaligned, empty or wraps. */
export function checkPages(iova: number, bytes: number): void {
  const isWhole = iova % PAGE_BYTES === 0 && bytes % PAGE_BYTES === 0;
  if (!isWhole || !(iova >= 0) || !(bytes > 0) || !Number.isSafeInteger(iova + bytes)) {
    throw new VfioError(
      'EINVAL',
      `The range ${hex(iova)}, ${hex(bytes)} bytes, is not whole pages.`,
    );
  }
}

/** @throws VfioError EINVAL where requests do not go to memory, or beyond the table. */
export function checkReachable(domain: Domain, { iova, bytes }: AddressRange): void {
  const { base, size } = interruptRange;
  if (iova + bytes > domain.table.limit || (iova < base + size && iova + bytes > base)) {
    throw new VfioError(
      'EINVAL',
      `${hex(iova)} to ${hex(iova + bytes)} is outside of the valid IOVA ranges.`,
    );
  }
}
