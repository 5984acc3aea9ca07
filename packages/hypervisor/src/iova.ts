/**
 * IOVAs for the DMA API: ranges of whole pages, from the top down, aligned to their own size
 * rounded up to a power of two, as Linux hands them out (drivers/iommu/iova.c). Linux keeps a
 * cache of freed ranges in front of this, which changes the address and nothing else.
 */
import { PAGE_BYTES, type Stateful } from '@doorbell/abi';
import { interruptRange } from './vtd.ts';

/** Up to this many pages, lengths are rounded up to a power of two (IOVA_RANGE_CACHE_MAX_SIZE). */
const ROUNDED_PAGES = 32;

const PAGES_32 = 2 ** 32 / PAGE_BYTES;

export interface IovaState {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly sizes: Float64Array;
  readonly hints: Float64Array;
}

export class IovaAllocator implements Stateful<IovaState> {
  /** Ranges that are taken, from the top down: first page and one past the last. */
  private starts: Float64Array = new Float64Array(64);
  private ends: Float64Array = new Float64Array(64);
  /** Pages that were asked for; 0 once the range is retired, and for what is never handed out. */
  private sizes: Float64Array = new Float64Array(64);
  private count = 0;
  /**
   * Where the next search begins, below 4 GiB and elsewhere: at the range that was last taken, or
   * above what was freed since. Linux: cached32_node and cached_node.
   */
  private readonly hints: Float64Array;
  private readonly limit: number;

  /** Hands out pages below `limit` bytes, but not page 0, nor where interrupts go. */
  constructor(limit: number) {
    this.limit = limit / PAGE_BYTES;
    this.hints = Float64Array.of(PAGES_32, this.limit);
    const first = interruptRange.base / PAGE_BYTES;
    this.insert(0, first, first + interruptRange.size / PAGE_BYTES, 0);
    this.insert(1, 0, 1, 0);
  }

  /** The first page of `pages` free pages below page `below`; -1 when there are none. */
  allocate(pages: number, below: number): number {
    const length = pages < ROUNDED_PAGES ? powerOfTwo(pages) : pages;
    const top = Math.min(below, this.limit);
    const hint = this.hints[top <= PAGES_32 ? 0 : 1];
    const page = this.search(length, Math.min(top, hint), pages);
    return page >= 0 ? page : this.search(length, top, pages);
  }

  /** Pages of the range that begins at `page`; 0 when none does, or it is retired. */
  sizeAt(page: number): number {
    const index = this.firstBelow(page + 1);
    return this.starts[index] === page ? this.sizes[index] : 0;
  }

  /** The range is of no use from here on, but not free either. */
  retire(page: number): void {
    this.sizes[this.indexOf(page)] = 0;
  }

  /** Pages that are in use. */
  get pagesUsed(): number {
    return this.sizes.subarray(0, this.count).reduce((sum, size) => sum + size, 0);
  }

  /** @throws RangeError when no range begins at `page`. */
  free(page: number): void {
    const index = this.indexOf(page);
    const above = index > 0 ? this.starts[index - 1] : this.limit;
    if (page < PAGES_32 && page >= this.hints[0]) {
      this.hints[0] = above;
    }
    if (page >= this.hints[1]) {
      this.hints[1] = above;
    }
    this.remove(index);
  }

  save(): IovaState {
    return {
      starts: this.starts.slice(0, this.count),
      ends: this.ends.slice(0, this.count),
      sizes: this.sizes.slice(0, this.count),
      hints: this.hints.slice(),
    };
  }

  load(state: IovaState): void {
    this.count = state.starts.length;
    while (this.starts.length < this.count) {
      this.grow();
    }
    this.starts.set(state.starts);
    this.ends.set(state.ends);
    this.sizes.set(state.sizes);
    this.hints.set(state.hints);
  }

  /** Takes the highest gap below page `top` that holds `length` pages, aligned to that length. */
  private search(length: number, top: number, size: number): number {
    const align = powerOfTwo(length);
    let below = top;
    for (let index = this.firstBelow(top); index < this.count; index++) {
      const highest = below - length;
      const page = highest - remainder(highest, align);
      if (page >= this.ends[index]) {
        this.insert(index, page, page + length, size);
        this.hints[page + length <= PAGES_32 ? 0 : 1] = page;
        return page;
      }
      below = Math.min(below, this.starts[index]);
    }
    return -1;
  }

  /** The index of the first range that begins below `page`. */
  private firstBelow(page: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.starts[middle] >= page) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** @throws RangeError when no range begins at `page`. */
  private indexOf(page: number): number {
    const index = this.firstBelow(page + 1);
    if (this.starts[index] !== page) {
      throw new RangeError(`No IOVA range begins at page ${page}.`);
    }
    return index;
  }

  private insert(index: number, start: number, end: number, size: number): void {
    if (this.count === this.starts.length) {
      this.grow();
    }
    for (let at = this.count; at > index; at--) {
      this.starts[at] = this.starts[at - 1];
      this.ends[at] = this.ends[at - 1];
      this.sizes[at] = this.sizes[at - 1];
    }
    this.starts[index] = start;
    this.ends[index] = end;
    this.sizes[index] = size;
    this.count++;
  }

  private remove(index: number): void {
    this.count--;
    for (let at = index; at < this.count; at++) {
      this.starts[at] = this.starts[at + 1];
      this.ends[at] = this.ends[at + 1];
      this.sizes[at] = this.sizes[at + 1];
    }
  }

  private grow(): void {
    const wider = (old: Float64Array): Float64Array => {
      const made = new Float64Array(old.length * 2);
      made.set(old);
      return made;
    };
    this.starts = wider(this.starts);
    this.ends = wider(this.ends);
    this.sizes = wider(this.sizes);
  }
}

/** The least power of two that is at least `value`. */
function powerOfTwo(value: number): number {
  let power = 1;
  while (power < value) {
    power *= 2;
  }
  return power;
}

/** value % power, for a power of two; without the cost of a floating-point remainder where 32 bits do. */
function remainder(value: number, power: number): number {
  return power <= 2 ** 31 ? value & (power - 1) : value % power;
}
