/** A map of addresses as blocks one below the other: gaps are blocks too, and sizes count by their logarithm. */
import type { ConfigInspection } from '../machine/contract.ts';

export type AddressMap = ConfigInspection['maps'][number];
export type AddressRange = AddressMap['ranges'][number];

export interface Block {
  /** Undefined: nothing answers there. */
  readonly range: AddressRange | undefined;
  readonly base: number;
  /** In bytes. */
  readonly size: number;
  /** In lines of text. */
  readonly lines: number;
}

const LEAST_LINES = 1.5;
/** A block of 1 GiB has so many lines more than one of 4 KiB. */
const MORE_LINES = 2.5;
const [SMALL, LARGE] = [12, 30];

export function blocksOf({ ranges }: AddressMap): readonly Block[] {
  const blocks: Block[] = [];
  let end = 0;
  for (const range of ranges) {
    if (range.base > end) {
      blocks.push({ range: undefined, base: end, size: range.base - end, lines: 1 });
    }
    blocks.push({ range, base: range.base, size: range.size, lines: linesOf(range.size) });
    end = range.base + range.size;
  }
  return blocks;
}

function linesOf(size: number): number {
  const part = (Math.log2(size) - SMALL) / (LARGE - SMALL);
  return LEAST_LINES + MORE_LINES * Math.min(1, Math.max(0, part));
}
