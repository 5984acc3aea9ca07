/**
 * The GPU's MMU: page tables of two levels in VRAM (datasheet, "page tables"), and a cache of
 * translations. The cache never looks at the tables again for what it holds: software that
 * changes an entry must invalidate. What is not mapped is not cached.
 */
import { gpuVa, type MemoryBacking, PAGE_BYTES, pte, type Stateful } from '@doorbell/abi';
import { Fault } from './fault.ts';

/** Whose translations. */
export interface AddressSpace {
  /** The channel's number. */
  readonly number: number;
  /** The page of VRAM that holds the directory. */
  readonly pageRoot: number;
  /** Where its function's VRAM begins in the part's, and its size: the second stage. In bytes. */
  readonly window: { readonly base: number; readonly size: number };
}

export interface MmuState {
  readonly tags: Uint32Array;
  readonly targets: Float64Array;
  readonly flags: Uint8Array;
}

const TLB_ENTRIES = 4096;
const PAGE_SHIFT = gpuVa.tableShift;
const PAGE_NUMBER_BITS = gpuVa.bits - PAGE_SHIFT;
const INDEX_MASK = gpuVa.entries - 1;
const ENTRY_WORDS = gpuVa.entryBytes / 4;
/** The high word of an entry holds address bits 47:32; the rest is reserved. */
const HIGH_RESERVED = 0xffff0000;
/** A directory's entry says that it is one; the other two are for table entries. */
const KIND = pte.TABLE.mask | pte.WRITE.mask | pte.SYSTEM.mask;
/** Spreads channels over the cache: they use the same virtual pages. */
const CHANNEL_SPREAD = 97;

export class Mmu implements Stateful<MmuState> {
  /** Of the last translation: whether the address is on the bus, not in VRAM. */
  system = false;
  private misses = 0;
  /** The high word of the entry that was read last. */
  private high = 0;
  private readonly vram: MemoryBacking;
  /** Channel and page, plus one; 0 is empty. */
  private readonly tags = new Uint32Array(TLB_ENTRIES);
  /** The address of the page. */
  private readonly targets = new Float64Array(TLB_ENTRIES);
  /** Bits of the table entry: WRITE and SYSTEM. */
  private readonly flags = new Uint8Array(TLB_ENTRIES);

  constructor(vram: MemoryBacking) {
    this.vram = vram;
  }

  /** The address behind a virtual address; see `system`. @throws Fault */
  translate(space: AddressSpace, va: number, write: boolean): number {
    const page = Math.floor(va / PAGE_BYTES);
    if (page >= 2 ** PAGE_NUMBER_BITS) {
      throw new Fault('NOT_PRESENT', va);
    }
    const tag = space.number * 2 ** PAGE_NUMBER_BITS + page + 1;
    const slot = (page + space.number * CHANNEL_SPREAD) % TLB_ENTRIES;
    if (this.tags[slot] !== tag) {
      this.misses++;
      this.walk(space, va, slot);
      this.tags[slot] = tag;
    }
    const flags = this.flags[slot];
    if (write && (flags & pte.WRITE.mask) === 0) {
      throw new Fault('NOT_WRITABLE', va);
    }
    this.system = (flags & pte.SYSTEM.mask) !== 0;
    return this.targets[slot] + (va % PAGE_BYTES);
  }

  /** Leaves a slot as it was, or empty, when the walk fails. */
  private walk(space: AddressSpace, va: number, slot: number): void {
    const { window } = space;
    const root = space.pageRoot * PAGE_BYTES;
    const directory = this.entry(window, root, va >>> gpuVa.directoryShift, va);
    if ((directory & KIND) !== pte.TABLE.mask) {
      throw new Fault('BAD_ENTRY', va);
    }
    const table = this.target(window, directory, va);
    const entry = this.entry(window, table, (va >>> PAGE_SHIFT) & INDEX_MASK, va);
    if ((entry & pte.TABLE.mask) !== 0) {
      throw new Fault('BAD_ENTRY', va);
    }
    const isInVram = (entry & pte.SYSTEM.mask) === 0;
    this.targets[slot] = this.target(window, entry, va) + (isInVram ? window.base : 0);
    this.flags[slot] = entry & (pte.WRITE.mask | pte.SYSTEM.mask);
  }

  /** The low word of a valid entry of the table at `table`. */
  private entry(window: AddressSpace['window'], table: number, index: number, va: number): number {
    if (table + PAGE_BYTES > window.size) {
      throw new Fault('BAD_ENTRY', va);
    }
    const at = (window.base + table) / 4 + index * ENTRY_WORDS;
    const low = this.vram.words[at];
    this.high = this.vram.words[at + 1];
    if ((low & pte.VALID.mask) === 0) {
      throw new Fault('NOT_PRESENT', va);
    }
    if ((low & pte.RESERVED.mask) !== 0 || (this.high & HIGH_RESERVED) !== 0) {
      throw new Fault('BAD_ENTRY', va);
    }
    return low;
  }

  /** Where the entry that was read last points: 48 bits on the bus, or within the function's VRAM. */
  private target(window: AddressSpace['window'], low: number, va: number): number {
    const address = this.high * 2 ** 32 + ((low & pte.ADDRESS.mask) >>> 0);
    if ((low & pte.SYSTEM.mask) === 0 && address >= window.size) {
      throw new Fault('BAD_ENTRY', va);
    }
    return address;
  }

  /** Forgets the translations of `count` channels in a row. */
  invalidate(first: number, count: number): void {
    const { tags } = this;
    for (let slot = 0; slot < TLB_ENTRIES; slot++) {
      const channel = (tags[slot] - 1) >>> PAGE_NUMBER_BITS;
      if (tags[slot] !== 0 && channel >= first && channel < first + count) {
        tags[slot] = 0;
      }
    }
  }

  invalidateAll(): void {
    this.tags.fill(0);
  }

  /** Walks since the last call. */
  takeMisses(): number {
    const { misses } = this;
    this.misses = 0;
    return misses;
  }

  save(): MmuState {
    return {
      tags: this.tags.slice(),
      targets: this.targets.slice(),
      flags: this.flags.slice(),
    };
  }

  load(state: MmuState): void {
    this.tags.set(state.tags);
    this.targets.set(state.targets);
    this.flags.set(state.flags);
  }
}
