/** Ranges of addresses that do not overlap, in order: what a tree of intervals is to the kernel. */

export interface AddressRange {
  readonly iova: number;
  /** More than 0. */
  readonly bytes: number;
}

export class RangeList<T extends AddressRange> {
  /** Ascending. */
  private readonly ranges: T[] = [];

  get size(): number {
    return this.ranges.length;
  }

  /** Ascending. */
  all(): readonly T[] {
    return this.ranges;
  }

  /** The range that holds the address. */
  at(iova: number): T | undefined {
    const before = this.ranges[this.firstFrom(iova + 1) - 1];
    return before !== undefined && before.iova + before.bytes > iova ? before : undefined;
  }

  /** Those that begin in `bytes` bytes from `iova` on. */
  startingIn(iova: number, bytes: number): readonly T[] {
    return this.ranges.slice(this.firstFrom(iova), this.firstFrom(iova + bytes));
  }

  overlaps(iova: number, bytes: number): boolean {
    const next = this.ranges[this.firstFrom(iova)];
    return this.at(iova) !== undefined || (next !== undefined && next.iova < iova + bytes);
  }

  /** Whether one of them lies only partly in the range. */
  isCutBy(iova: number, bytes: number): boolean {
    const first = this.at(iova);
    const last = this.at(iova + bytes - 1);
    return (
      (first !== undefined && first.iova !== iova) ||
      (last !== undefined && last.iova + last.bytes !== iova + bytes)
    );
  }

  /** It must overlap none. */
  add(range: T): void {
    this.ranges.splice(this.firstFrom(range.iova), 0, range);
  }

  /** Removes those that begin in a range, and gives them back. */
  takeStartingIn(iova: number, bytes: number): T[] {
    const from = this.firstFrom(iova);
    return this.ranges.splice(from, this.firstFrom(iova + bytes) - from);
  }

  /** The place of the first that begins at or above `iova`. */
  private firstFrom(iova: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle].iova < iova) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
