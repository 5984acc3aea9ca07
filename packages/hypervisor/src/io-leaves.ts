/**
 * Reads a second-stage page table that someone else wrote: what an emulated IOMMU does with its
 * guest's (vtd_page_walk in QEMU's hw/i386/intel_iommu.c). The tables may lead anywhere, to
 * themselves too, so entries are counted, and there is an end to it.
 */
import type { MemoryBacking } from '@doorbell/abi';
import type { IoAccess } from './io-page-table.ts';
import type { AddressRange } from './range-list.ts';
import {
  entryAddress,
  faultReasons,
  levelBytes,
  pagingEntry,
  pagingFault,
  TABLE_ENTRIES,
  tableIndex,
} from './vtd.ts';

/** A translation, of whatever size. */
export interface IoLeaf extends AddressRange {
  /** Where it leads, in the memory that the tables are in. */
  readonly address: number;
  readonly access: IoAccess;
}

/** Where a table begins. */
export interface TableRoot {
  readonly root: number;
  readonly levels: number;
}

/** Entries that one walk reads at most: 2,048 tables. */
const MOST_ENTRIES = 2 ** 20;

const NO_ACCESS = { read: false, write: false };

export class IoLeaves {
  /** What the walk found, in order of address; a leaf that overlaps the range is there whole. */
  readonly leaves: IoLeaf[] = [];
  /** How many entries it read. */
  entriesRead = 0;
  private readonly memory: MemoryBacking;
  private readonly from: number;
  private readonly to: number;

  /** Reads what translates the addresses from `from` up to, not including, `to`. */
  constructor(memory: MemoryBacking, { root, levels }: TableRoot, from: number, to: number) {
    this.memory = memory;
    this.from = from;
    this.to = to;
    this.table(root, levels, 0, { read: true, write: true });
  }

  private table(table: number, level: number, base: number, above: IoAccess): void {
    const span = levelBytes(level);
    const first = this.from <= base ? 0 : tableIndex(this.from, level);
    for (let index = first; index < TABLE_ENTRIES && base + index * span < this.to; index++) {
      if (this.entriesRead === MOST_ENTRIES) {
        return;
      }
      this.entriesRead++;
      this.entry(table + index * 8, level, base + index * span, above);
    }
  }

  private entry(at: number, level: number, iova: number, above: IoAccess): void {
    const { words, size } = this.memory;
    const access = at + 8 <= size ? accessOf(words, at / 4, level, above) : NO_ACCESS;
    if (!access.read && !access.write) {
      return;
    }
    const lo = words[at / 4];
    const address = entryAddress(lo, words[at / 4 + 1]);
    if (level === 1 || (lo & pagingEntry.PAGE_SIZE) !== 0) {
      this.leaves.push({ iova, bytes: levelBytes(level), address, access });
    } else {
      this.table(address, level - 1, iova, access);
    }
  }
}

/** What an entry allows, and all above it; nothing when a reserved bit is set. */
function accessOf(words: Uint32Array, at: number, level: number, above: IoAccess): IoAccess {
  const lo = words[at];
  if (pagingFault(words, at, level, false) === faultReasons.ENTRY_RESERVED.code) {
    return NO_ACCESS;
  }
  return {
    read: above.read && (lo & pagingEntry.READ) !== 0,
    write: above.write && (lo & pagingEntry.WRITE) !== 0,
  };
}
