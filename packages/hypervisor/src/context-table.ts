/**
 * The root table and the context tables that system software keeps in memory: which domain each
 * function is attached to (VT-d 3.3 §9.1, §9.3).
 */
import { formatBdf, PAGE_BYTES, type Bdf, type MemoryBacking } from '@doorbell/abi';
import { IommuError } from './errno.ts';
import type { TablePages } from './io-page-table.ts';
import { contextEntry, entryAddress, rootEntry, widthCode } from './vtd.ts';

export interface Context {
  /** The physical address of the domain's table. */
  readonly root: number;
  readonly levels: 3 | 4;
  readonly domain: number;
}

export class ContextTable {
  /** The physical address of the root table. */
  readonly root: number;
  private readonly memory: MemoryBacking;
  private readonly pages: TablePages;

  constructor(memory: MemoryBacking, pages: TablePages) {
    this.memory = memory;
    this.pages = pages;
    this.root = pages.allocatePage();
  }

  has(requester: Bdf): boolean {
    return (this.flagsOf(requester) & contextEntry.PRESENT) !== 0;
  }

  /** FPD: faults of the function are not recorded, whether its entry is present or not. */
  isSilenced(requester: Bdf): boolean {
    return (this.flagsOf(requester) & contextEntry.FAULT_DISABLE) !== 0;
  }

  /** @throws IommuError EBUSY when the function has an entry already. */
  set(requester: Bdf, context: Context): void {
    if (this.has(requester)) {
      throw new IommuError('EBUSY', `${formatBdf(requester)} is attached to a domain already.`);
    }
    const { words } = this.memory;
    const entry = this.make(requester);
    words[entry / 4 + 3] = 0;
    words[entry / 4 + 2] = widthCode(context.levels) | (context.domain << contextEntry.domainShift);
    words[entry / 4 + 1] = Math.floor(context.root / 2 ** 32);
    // The present bit last: the entry is whole when a walk first meets it.
    words[entry / 4] = (context.root | contextEntry.PRESENT) >>> 0;
    this.memory.touched(entry, contextEntry.bytes);
  }

  /** Takes an entry that is there away, and returns its domain. */
  clear(requester: Bdf): number {
    const entry = this.entryOf(requester);
    const domain = this.domainIn(entry);
    this.memory.words.fill(0, entry / 4, entry / 4 + contextEntry.bytes / 4);
    this.memory.touched(entry, contextEntry.bytes);
    this.freeWhenEmpty(requester);
    return domain;
  }

  /** A function that is attached to a domain, or -1. */
  userOf(domain: number): Bdf {
    for (let requester = 0; requester < 0x1_0000; requester++) {
      if (this.has(requester) && this.domainIn(this.entryOf(requester)) === domain) {
        return requester;
      }
    }
    return -1;
  }

  private rootEntryOf(requester: Bdf): number {
    return this.root + (requester >>> 8) * rootEntry.bytes;
  }

  /** The address of a function's entry; -1 when its bus has no table that memory holds. */
  private entryOf(requester: Bdf): number {
    const { words, size } = this.memory;
    const root = this.rootEntryOf(requester) / 4;
    const entry =
      entryAddress(words[root], words[root + 1]) + (requester & 0xff) * contextEntry.bytes;
    return (words[root] & rootEntry.PRESENT) !== 0 && entry + contextEntry.bytes <= size
      ? entry
      : -1;
  }

  private flagsOf(requester: Bdf): number {
    const entry = this.entryOf(requester);
    return entry < 0 ? 0 : this.memory.words[entry / 4];
  }

  private domainIn(entry: number): number {
    return (
      (this.memory.words[entry / 4 + 2] >>> contextEntry.domainShift) & contextEntry.domainMask
    );
  }

  private make(requester: Bdf): number {
    const known = this.entryOf(requester);
    if (known >= 0) {
      return known;
    }
    const { words } = this.memory;
    const root = this.rootEntryOf(requester);
    const table = this.pages.allocatePage();
    words[root / 4 + 1] = Math.floor(table / 2 ** 32);
    words[root / 4] = (table | rootEntry.PRESENT) >>> 0;
    this.memory.touched(root, rootEntry.bytes);
    return table + (requester & 0xff) * contextEntry.bytes;
  }

  private freeWhenEmpty(requester: Bdf): void {
    const { words } = this.memory;
    const table = this.entryOf(requester & 0xff00);
    for (let entry = table; entry < table + PAGE_BYTES; entry += contextEntry.bytes) {
      if ((words[entry / 4] & contextEntry.PRESENT) !== 0) {
        return;
      }
    }
    const root = this.rootEntryOf(requester);
    words.fill(0, root / 4, root / 4 + rootEntry.bytes / 4);
    this.memory.touched(root, rootEntry.bytes);
    this.pages.freePage(table);
  }
}
