/**
 * The second-stage page table of one IOVA space, in VT-d's format, in memory: what the kernel's
 * io-pgtable code does. Memory is the only state, so whoever restores memory restores the table.
 */
import { PAGE_BYTES, type MemoryBacking } from '@doorbell/abi';
import { IommuError } from './errno.ts';
import {
  addressBits,
  entryAddress,
  HOST_ADDRESS_BITS,
  levelBytes,
  pagingEntry,
  TABLE_ENTRIES,
  tableIndex,
} from './vtd.ts';

/** Where tables come from: zeroed pages of 4 KiB, by physical address. */
export interface TablePages {
  allocatePage(): number;
  freePage(address: number): void;
}

/** What a device may do with a page. */
export interface IoAccess {
  readonly read: boolean;
  readonly write: boolean;
}

export interface IoPageTableOptions {
  /** 3: 39-bit IOVAs; 4: 48-bit (the default). */
  readonly levels?: 3 | 4;
  /** The largest leaf in bytes; 1 GiB by default. */
  readonly largestLeaf?: 0x1000 | 0x20_0000 | 0x4000_0000;
}

const HOST_LIMIT = 2 ** HOST_ADDRESS_BITS;

export class IoPageTable {
  /** The physical address of the top table. */
  readonly root: number;
  readonly levels: 3 | 4;
  /** One past the highest IOVA. */
  readonly limit: number;
  private readonly memory: MemoryBacking;
  private readonly pages: TablePages;
  private readonly largestLeaf: number;
  /** A second result of `clear`. */
  private isEmptied = false;

  constructor(memory: MemoryBacking, pages: TablePages, options: IoPageTableOptions = {}) {
    this.memory = memory;
    this.pages = pages;
    this.levels = options.levels ?? 4;
    this.limit = 2 ** addressBits(this.levels);
    this.largestLeaf = options.largestLeaf ?? 0x4000_0000;
    this.root = pages.allocatePage();
  }

  /** Pages of memory that the table takes, the top included. */
  get pageCount(): number {
    return this.countTables(this.root, this.levels);
  }

  /**
   * Maps a range in the largest leaves that its alignment allows, and returns how many entries
   * that took. As in Linux, what is mapped must be unmapped first.
   * @throws IommuError EINVAL for a range that is misaligned or too high, EEXIST when part of it is mapped.
   */
  map(iova: number, physical: number, bytes: number, access: IoAccess): number {
    this.checkRange(iova, bytes);
    if (!isAligned(physical, PAGE_BYTES) || !(physical >= 0 && physical + bytes <= HOST_LIMIT)) {
      throw new IommuError(
        'EINVAL',
        `The physical address ${hex(physical)} is misaligned or too high.`,
      );
    }
    if (!access.read && !access.write) {
      throw new IommuError('EINVAL', `A mapping at ${hex(iova)} must allow reading or writing.`);
    }
    if (this.isAnyMapped(this.root, this.levels, 0, iova, iova + bytes)) {
      throw new IommuError(
        'EEXIST',
        `A page from ${hex(iova)} to ${hex(iova + bytes)} is already mapped.`,
      );
    }
    try {
      return this.mapLeaves(iova, physical, bytes, access);
    } catch (error) {
      // Memory ran out on the way: what was entered, and tables without an entry, go again.
      this.clear(this.root, this.levels, 0, iova, iova + bytes);
      throw error;
    }
  }

  /**
   * Unmaps what is mapped in a range, frees tables that are then empty, and returns how many
   * entries it cleared. Translations that an IOTLB holds stay until they are invalidated.
   *
   * A range that cuts a superpage is refused, as in Linux ("Unmap of a partial large IOPTE is not
   * allowed", drivers/iommu/io-pgtable-arm.c): splitting one takes memory, in a call that must
   * not fail.
   * @throws IommuError EINVAL for that, and for a range that is misaligned or too high.
   */
  unmap(iova: number, bytes: number): number {
    this.checkRange(iova, bytes);
    this.checkCut(iova);
    this.checkCut(iova + bytes);
    return this.clear(this.root, this.levels, 0, iova, iova + bytes);
  }

  /** The physical address, whatever access is allowed; -1 when it is not mapped. Linux: iommu_iova_to_phys. */
  lookup(iova: number): number {
    const leaf = this.leafAt(iova);
    return leaf === undefined ? -1 : leaf.physical + (iova % leaf.bytes);
  }

  /** Unmaps everything and gives all pages back, the top too. */
  destroy(): void {
    this.clear(this.root, this.levels, 0, 0, this.limit);
    this.pages.freePage(this.root);
  }

  private checkRange(iova: number, bytes: number): void {
    if (!isAligned(iova, PAGE_BYTES) || !isAligned(bytes, PAGE_BYTES) || !(bytes > 0)) {
      throw new IommuError(
        'EINVAL',
        `The range ${hex(iova)}, ${hex(bytes)} bytes, is not whole pages.`,
      );
    }
    if (!(iova >= 0 && iova + bytes <= this.limit)) {
      throw new IommuError(
        'EINVAL',
        `The range ${hex(iova)}, ${hex(bytes)} bytes, lies beyond ${addressBits(this.levels)} bits.`,
      );
    }
  }

  /** A range may begin or end at `edge` only where no leaf goes across it. */
  private checkCut(edge: number): void {
    const leaf = edge < this.limit ? this.leafAt(edge) : undefined;
    if (leaf !== undefined && !isAligned(edge, leaf.bytes)) {
      throw new IommuError(
        'EINVAL',
        `The range would cut the ${hex(leaf.bytes)}-byte page at ${hex(edge)}.`,
      );
    }
  }

  private mapLeaves(iova: number, physical: number, bytes: number, access: IoAccess): number {
    const flags = (access.read ? pagingEntry.READ : 0) | (access.write ? pagingEntry.WRITE : 0);
    let entries = 0;
    for (let done = 0; done < bytes; entries++) {
      const level = this.leafLevel(iova + done, physical + done, bytes - done);
      const leafFlags = level === 1 ? flags : flags | pagingEntry.PAGE_SIZE;
      this.store(this.entryFor(iova + done, level), physical + done, leafFlags);
      done += levelBytes(level);
    }
    return entries;
  }

  /** The level of the largest leaf that may begin here. */
  private leafLevel(iova: number, physical: number, bytes: number): number {
    let level = 3;
    for (; level > 1; level--) {
      const size = levelBytes(level);
      if (
        size <= this.largestLeaf &&
        size <= bytes &&
        isAligned(iova, size) &&
        isAligned(physical, size)
      ) {
        break;
      }
    }
    return level;
  }

  /** The address of the entry for `iova` at `level`; makes the tables on the way. */
  private entryFor(iova: number, level: number): number {
    let table = this.root;
    for (let at = this.levels as number; at > level; at--) {
      const entry = table + tableIndex(iova, at) * 8;
      if (!this.isPresent(entry)) {
        // A directory allows everything: the leaf decides (§3.7).
        this.store(entry, this.pages.allocatePage(), pagingEntry.READ | pagingEntry.WRITE);
      }
      table = this.addressIn(entry);
    }
    return table + tableIndex(iova, level) * 8;
  }

  private leafAt(iova: number): { readonly physical: number; readonly bytes: number } | undefined {
    let table = this.root;
    for (let level = this.levels as number; level >= 1; level--) {
      const entry = table + tableIndex(iova, level) * 8;
      if (!this.isPresent(entry)) {
        return undefined;
      }
      table = this.addressIn(entry);
      if (this.isLeaf(entry, level)) {
        return { physical: table, bytes: levelBytes(level) };
      }
    }
    return undefined;
  }

  private isAnyMapped(
    table: number,
    level: number,
    base: number,
    from: number,
    to: number,
  ): boolean {
    const span = levelBytes(level);
    for (
      let index = first(base, span, from);
      index < TABLE_ENTRIES && base + index * span < to;
      index++
    ) {
      const entry = table + index * 8;
      if (
        this.isPresent(entry) &&
        (this.isLeaf(entry, level) ||
          this.isAnyMapped(this.addressIn(entry), level - 1, base + index * span, from, to))
      ) {
        return true;
      }
    }
    return false;
  }

  /**
   * Clears the leaves between `from` and `to` below a table that begins at `base`, and frees the
   * tables below that are then empty; returns how many leaves. `isEmptied` tells about the table itself.
   */
  private clear(table: number, level: number, base: number, from: number, to: number): number {
    const span = levelBytes(level);
    let cleared = 0;
    let isKept = false;
    for (
      let index = first(base, span, from);
      index < TABLE_ENTRIES && base + index * span < to;
      index++
    ) {
      const entry = table + index * 8;
      if (!this.isPresent(entry)) {
        continue;
      }
      if (this.isLeaf(entry, level)) {
        this.store(entry, 0, 0);
        cleared++;
        continue;
      }
      const below = this.addressIn(entry);
      cleared += this.clear(below, level - 1, base + index * span, from, to);
      if (this.isEmptied) {
        this.store(entry, 0, 0);
        this.pages.freePage(below);
      } else {
        isKept = true;
      }
    }
    this.isEmptied = !isKept && this.isEmpty(table);
    return cleared;
  }

  private isEmpty(table: number): boolean {
    const { words } = this.memory;
    // From the end, because the DMA API hands out IOVAs from the top down.
    for (let word = (table + PAGE_BYTES) / 4 - 2; word >= table / 4; word -= 2) {
      if (words[word] !== 0) {
        return false;
      }
    }
    return true;
  }

  private countTables(table: number, level: number): number {
    let count = 1;
    for (let entry = table; level > 1 && entry < table + PAGE_BYTES; entry += 8) {
      if (this.isPresent(entry) && !this.isLeaf(entry, level)) {
        count += this.countTables(this.addressIn(entry), level - 1);
      }
    }
    return count;
  }

  private isPresent(entry: number): boolean {
    return (this.memory.words[entry / 4] & (pagingEntry.READ | pagingEntry.WRITE)) !== 0;
  }

  private isLeaf(entry: number, level: number): boolean {
    return level === 1 || (this.memory.words[entry / 4] & pagingEntry.PAGE_SIZE) !== 0;
  }

  private addressIn(entry: number): number {
    const { words } = this.memory;
    return entryAddress(words[entry / 4], words[entry / 4 + 1]);
  }

  private store(entry: number, address: number, flags: number): void {
    const { words } = this.memory;
    // The half with the present bits last: a walk never meets half an entry.
    words[entry / 4 + 1] = Math.floor(address / 2 ** 32);
    words[entry / 4] = (address | flags) >>> 0;
    this.memory.touched(entry, 8);
  }
}

/** Whether a whole number is a multiple of a power of two of at most 2 GiB. */
function isAligned(value: number, size: number): boolean {
  return (value & (size - 1)) === 0;
}

/** The first entry of a table from `base` on that reaches `from`. */
function first(base: number, span: number, from: number): number {
  return from <= base ? 0 : Math.floor((from - base) / span);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
