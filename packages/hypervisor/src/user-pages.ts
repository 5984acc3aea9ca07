/**
 * Pages of a user's process: locked so that devices can reach them, counted against what the
 * process may lock, and entered into a domain's table (vfio_pin_pages_remote in
 * drivers/vfio/vfio_iommu_type1.c, drivers/iommu/iommufd/pages.c).
 */
import { PAGE_BYTES } from '@doorbell/abi';
import { IommuError, VfioError } from './errno.ts';
import type { IoAccess } from './io-page-table.ts';
import type { Domain, Iommu } from './iommu.ts';
import { OutOfMemory } from './page-allocator.ts';

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

/** Counts pages against the limit. @throws VfioError ENOMEM. */
export function countLocked(user: VfioUser, pages: number): void {
  if (user.lockedPages + pages > user.lockLimit) {
    throw new VfioError(
      'ENOMEM',
      `${user.name} may not lock more memory: RLIMIT_MEMLOCK (${user.lockLimit * PAGE_BYTES}) exceeded.`,
    );
  }
  user.lockedPages += pages;
}

/** Pins one page; it is not counted. @throws VfioError EFAULT. */
export function pinPage(user: VfioUser, vaddr: number): number {
  const physical = user.pin(vaddr);
  if (physical < 0) {
    throw new VfioError('EFAULT', `${user.name} has no memory at ${hex(vaddr)}.`);
  }
  return physical;
}

/** Pins `count` pages from `vaddr` on, all or none; they are not counted. @throws VfioError EFAULT. */
export function pinPages(user: VfioUser, vaddr: number, count: number): Float64Array {
  // Grows with what the process has: `count` is whatever a user asks for.
  const pages: number[] = [];
  try {
    while (pages.length < count) {
      pages.push(pinPage(user, vaddr + pages.length * PAGE_BYTES));
    }
  } catch (error) {
    unpinPages(user, pages);
    throw error;
  }
  return Float64Array.from(pages);
}

export function unpinPages(user: VfioUser, pages: Iterable<number>): void {
  for (const physical of pages) {
    user.unpin(physical);
  }
}

/** Unlocks pages that no table leads to any more: where they are, the process itself knows. */
export function releaseRange(user: VfioUser, vaddr: number, count: number): void {
  const pages = pinPages(user, vaddr, count);
  unpinPages(user, pages);
  unpinPages(user, pages);
  user.lockedPages -= count;
}

/**
 * Enters each physically contiguous run of pages at once, of at most `longest` pages; an error
 * undoes all. @throws VfioError
 */
export function mapPages(
  iommu: Iommu,
  domain: Domain,
  iova: number,
  pages: Float64Array,
  access: IoAccess,
  longest = Infinity,
): void {
  let mapped = 0;
  try {
    while (mapped < pages.length) {
      const run = runLength(pages, mapped, longest);
      domain.table.map(iova + mapped * PAGE_BYTES, pages[mapped], run * PAGE_BYTES, access);
      mapped += run;
    }
  } catch (error) {
    if (mapped > 0) {
      unmapPages(iommu, domain, iova, mapped * PAGE_BYTES);
    }
    throw asVfioError(error);
  }
}

/** Takes a range out of a domain's table and out of the IOTLB. Pages stay locked until this is done. */
export function unmapPages(iommu: Iommu, domain: Domain, iova: number, bytes: number): void {
  domain.table.unmap(iova, bytes);
  iommu.invalidatePages(domain, iova, bytes);
}

/** The physical pages that a domain's table leads to: it is the only note of which were pinned. */
export function pagesIn(domain: Domain, iova: number, bytes: number): Float64Array {
  const pages = new Float64Array(bytes / PAGE_BYTES);
  for (let index = 0; index < pages.length; index++) {
    pages[index] = domain.table.lookup(iova + index * PAGE_BYTES);
  }
  return pages;
}

/** What the IOMMU layer or the page allocator refuses, as VFIO's caller is told. */
export function asVfioError(error: unknown): unknown {
  if (error instanceof IommuError) {
    return new VfioError(error.errno, error.message);
  }
  return error instanceof OutOfMemory ? new VfioError('ENOMEM', error.message) : error;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** How many pages from `first` on, at most `longest`, lie one behind the other in physical memory. */
function runLength(pages: Float64Array, first: number, longest: number): number {
  const start = pages[first];
  let run = 1;
  while (run < longest && pages[first + run] === start + run * PAGE_BYTES) {
    run++;
  }
  return run;
}
