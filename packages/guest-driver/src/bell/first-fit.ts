/**
 * Pages, handed out first fit: the lowest run of free pages that is long enough. The same
 * requests always get the same pages. It serves VRAM and GPU virtual addresses alike.
 */
interface Run {
  first: number;
  count: number;
}

export class FirstFit {
  /** Free runs in order of address; no two touch. */
  private readonly free: Run[];

  constructor(first: number, count: number) {
    this.free = [{ first, count }];
  }

  /** The first of `count` free pages in a row, or -1. */
  allocate(count: number): number {
    const index = this.free.findIndex((run) => run.count >= count);
    const run = this.free[index];
    if (run === undefined) {
      return -1;
    }
    const { first } = run;
    run.first += count;
    run.count -= count;
    if (run.count === 0) {
      this.free.splice(index, 1);
    }
    return first;
  }

  /** Takes back what `allocate` handed out. @throws RangeError when a page of it is free already. */
  release(first: number, count: number): void {
    const found = this.free.findIndex((run) => run.first > first);
    const index = found < 0 ? this.free.length : found;
    const below = this.free[index - 1];
    const above = this.free[index];
    const meetsBelow = below !== undefined && below.first + below.count >= first;
    const meetsAbove = above !== undefined && first + count >= above.first;
    if (
      (meetsBelow && below.first + below.count > first) ||
      (meetsAbove && first + count > above.first)
    ) {
      throw new RangeError(`Pages from ${first} on are free already.`);
    }
    if (meetsBelow && meetsAbove) {
      below.count += count + above.count;
      this.free.splice(index, 1);
    } else if (meetsBelow) {
      below.count += count;
    } else if (meetsAbove) {
      above.first = first;
      above.count += count;
    } else {
      this.free.splice(index, 0, { first, count });
    }
  }
}
