/**
 * A GPU address space: the page tables of one channel (datasheet, "page tables"), which the CPU
 * writes through the VRAM aperture. A directory of 512 entries points at tables of 512 entries,
 * and an entry of a table at a page of VRAM or of the bus.
 */
import { GpuError, gpuVa, type Mmio, PAGE_BYTES, pte } from '@doorbell/abi';
import { FirstFit } from './first-fit.ts';

/** What pages are mapped to. */
export interface Target {
  /** `address` is an offset in VRAM, or a bus address: the IOVA that the DMA API gave. */
  readonly memory: 'vram' | 'system';
  readonly address: number;
  readonly writable: boolean;
}

const { entries: ENTRIES, entryBytes: ENTRY_BYTES } = gpuVa;
const PAGES = 2 ** gpuVa.bits / PAGE_BYTES;

export class AddressSpace {
  /** The VRAM page of the directory: what PAGE_ROOT takes. */
  readonly root: number;

  private readonly aperture: Mmio;
  private readonly vram: FirstFit;
  /** Makes the device forget the translations that it has cached. */
  private readonly invalidate: () => void;
  /** Page 0 is never mapped, so that address 0 is "none" and a stray reference faults. */
  private readonly addresses = new FirstFit(1, PAGES - 1);
  /** The VRAM page of each table, by directory index: ours, so that VRAM is never read. */
  private readonly tables = new Map<number, number>();
  /** Entries on their way to a table, two words each. */
  private readonly words = new Uint32Array(ENTRIES * 2);
  private readonly bytes = new Uint8Array(this.words.buffer);

  /** @throws GpuError `out-of-memory` */
  constructor(aperture: Mmio, vram: FirstFit, invalidate: () => void) {
    this.aperture = aperture;
    this.vram = vram;
    this.invalidate = invalidate;
    this.root = this.newTable();
  }

  /** Maps whole pages and returns their virtual address. @throws GpuError `out-of-memory` */
  map(target: Target, pages: number): number {
    const first = this.addresses.allocate(pages);
    if (first < 0) {
      throw new GpuError('out-of-memory', `bell: no ${pages} pages of GPU addresses are free.`);
    }
    try {
      this.needTables(first, pages);
    } catch (error) {
      this.addresses.release(first, pages);
      throw error;
    }
    // Nothing to invalidate: the device caches only entries that are present.
    this.writeEntries(first, pages, target);
    return first * PAGE_BYTES;
  }

  /** Once this returns, the device can reach the pages no more. */
  unmap(address: number, pages: number): void {
    const first = address / PAGE_BYTES;
    this.writeEntries(first, pages, undefined);
    this.invalidate();
    this.addresses.release(first, pages);
  }

  /** Gives the tables back. The channel must have stopped. */
  destroy(): void {
    for (const page of this.tables.values()) {
      this.vram.release(page, 1);
    }
    this.vram.release(this.root, 1);
  }

  // ------------------------------------------------------------------------------ tables

  /** A page of VRAM without a valid entry. */
  private newTable(): number {
    const page = this.vram.allocate(1);
    if (page < 0) {
      throw new GpuError('out-of-memory', 'bell: no VRAM is free for a page table.');
    }
    this.words.fill(0);
    this.aperture.writeBlock(page * PAGE_BYTES, this.bytes);
    return page;
  }

  /** Makes the tables that hold the entries of these pages. They stay until `destroy`. */
  private needTables(first: number, pages: number): void {
    const last = Math.floor((first + pages - 1) / ENTRIES);
    for (let index = Math.floor(first / ENTRIES); index <= last; index++) {
      if (!this.tables.has(index)) {
        const table = this.newTable();
        this.tables.set(index, table);
        this.putEntry(0, table * PAGE_BYTES, pte.VALID.mask | pte.TABLE.mask);
        this.aperture.writeBlock(entryAt(this.root, index), this.bytes.subarray(0, ENTRY_BYTES));
      }
    }
  }

  /** Writes the entries of these pages, one block store for each table. No target: not present. */
  private writeEntries(first: number, pages: number, target: Target | undefined): void {
    const system = target?.memory === 'system' ? pte.SYSTEM.mask : 0;
    const writable = target?.writable === true ? pte.WRITE.mask : 0;
    const flags = target === undefined ? 0 : pte.VALID.mask | system | writable;
    for (let done = 0; done < pages;) {
      const index = (first + done) % ENTRIES;
      const count = Math.min(pages - done, ENTRIES - index);
      for (let slot = 0; slot < count; slot++) {
        this.putEntry(
          slot,
          target === undefined ? 0 : target.address + (done + slot) * PAGE_BYTES,
          flags,
        );
      }
      const table = this.tables.get(Math.floor((first + done) / ENTRIES)) ?? 0;
      this.aperture.writeBlock(entryAt(table, index), this.bytes.subarray(0, count * ENTRY_BYTES));
      done += count;
    }
  }

  /** The low word: address bits 31:12 and flags. The high word: address bits 47:32. */
  private putEntry(slot: number, address: number, flags: number): void {
    this.words[slot * 2] = (address & pte.ADDRESS.mask) | flags;
    this.words[slot * 2 + 1] = Math.floor(address / 2 ** 32);
  }
}

/** The VRAM offset of an entry. */
function entryAt(table: number, index: number): number {
  return table * PAGE_BYTES + index * ENTRY_BYTES;
}
