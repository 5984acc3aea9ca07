/** What a channel's driver has put where in its GPU address space: ranges that do not overlap. */
import { gpuVa, PAGE_BYTES, type VramRange } from '@doorbell/abi';
import { lastAtOrBefore } from '../../bisection.ts';
import { refuseUnless } from '../refusal.ts';

const PAGES = 2 ** gpuVa.bits / PAGE_BYTES;
const INVALID = 'ERR_INVALID_PARAMETER';

export interface MappedRange {
  /** A GPU virtual address. */
  readonly va: number;
  readonly pages: number;
  /** What is there; undefined: RAM of the driver. */
  readonly vram: VramRange | undefined;
}

export class MappedRanges {
  /** By address. */
  private readonly ranges: MappedRange[] = [];

  /** @throws Refusal unless these are whole pages, behind page 0, where nothing is. */
  checkFree(va: number, pages: number): void {
    const first = va / PAGE_BYTES;
    const fits = Number.isInteger(first) && first >= 1 && pages >= 1 && first + pages <= PAGES;
    refuseUnless(fits, INVALID, `There are no ${pages} pages at ${va}.`);
    const below = this.ranges[this.lastUpTo(va + pages * PAGE_BYTES - 1)];
    refuseUnless(
      below === undefined || end(below) <= va,
      INVALID,
      `Something is between ${va} and ${pages} pages behind it already.`,
    );
  }

  all(): Iterable<MappedRange> {
    return this.ranges;
  }

  /** The caller has checked that there is room for it. */
  add(range: MappedRange): void {
    this.ranges.splice(this.lastUpTo(range.va) + 1, 0, range);
  }

  /** The range that begins at an address. @throws Refusal when none does. */
  at(va: number): MappedRange {
    const found = this.ranges[this.lastUpTo(va)];
    refuseUnless(found?.va === va, INVALID, `Nothing begins at ${va}.`);
    return found;
  }

  remove(range: MappedRange): void {
    this.ranges.splice(this.ranges.indexOf(range), 1);
  }

  /** Whether all of some bytes is mapped, in one range or in several that touch. */
  covers(va: number, bytes: number): boolean {
    let reached = va;
    for (let at = this.lastUpTo(va); at >= 0 && reached < va + bytes; at++) {
      const range = this.ranges[at];
      if (range === undefined || range.va > reached || end(range) <= reached) {
        return false;
      }
      reached = end(range);
    }
    return reached >= va + bytes;
  }

  private lastUpTo(va: number): number {
    return lastAtOrBefore(va, this.ranges.length, (index) => this.ranges[index].va);
  }
}

function end({ va, pages }: MappedRange): number {
  return va + pages * PAGE_BYTES;
}
