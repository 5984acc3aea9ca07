/** Contiguous pages of 4 KiB, first fit: the operating system's page allocator. */
import { PAGE_BYTES, type Stateful } from '@doorbell/abi';

export class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

export interface PageAllocatorState {
  readonly lengths: Uint32Array;
  readonly used: Uint8Array;
}

export class PageAllocator implements Stateful<PageAllocatorState> {
  private readonly base: number;
  private readonly pages: number;
  private readonly used: Uint8Array;
  /** At the first page of an allocation, how many pages it has. */
  private readonly lengths: Uint32Array;

  /** Hands out `bytes` bytes from `base` on; both multiples of 4096. */
  constructor(base: number, bytes: number) {
    this.base = base;
    this.pages = bytes / PAGE_BYTES;
    this.used = new Uint8Array(this.pages);
    this.lengths = new Uint32Array(this.pages);
  }

  /** The address of `bytes` bytes, rounded up to pages, aligned to `align` bytes. @throws OutOfMemory */
  allocate(bytes: number, align = PAGE_BYTES): number {
    const count = Math.max(1, Math.ceil(bytes / PAGE_BYTES));
    const step = align / PAGE_BYTES;
    for (let first = 0; first + count <= this.pages;) {
      const taken = this.lastUsed(first, count);
      if (taken < 0) {
        this.used.fill(1, first, first + count);
        this.lengths[first] = count;
        return this.base + first * PAGE_BYTES;
      }
      first = Math.ceil((taken + 1) / step) * step;
    }
    throw new OutOfMemory(`No ${count} contiguous pages are free.`);
  }

  /** @throws RangeError when nothing was allocated at `address`. */
  free(address: number): void {
    const first = (address - this.base) / PAGE_BYTES;
    const count = this.lengths[first] ?? 0;
    if (count === 0) {
      throw new RangeError(`No allocation begins at 0x${address.toString(16)}.`);
    }
    this.used.fill(0, first, first + count);
    this.lengths[first] = 0;
  }

  /** Bytes of the allocation that begins at `address`. */
  sizeOf(address: number): number {
    return (this.lengths[(address - this.base) / PAGE_BYTES] ?? 0) * PAGE_BYTES;
  }

  get pagesUsed(): number {
    return this.used.reduce((sum, page) => sum + page, 0);
  }

  private lastUsed(first: number, count: number): number {
    for (let page = first + count - 1; page >= first; page--) {
      if (this.used[page] !== 0) {
        return page;
      }
    }
    return -1;
  }

  save(): PageAllocatorState {
    return { lengths: this.lengths.slice(), used: this.used.slice() };
  }

  load(state: PageAllocatorState): void {
    this.lengths.set(state.lengths);
    this.used.set(state.used);
  }
}
