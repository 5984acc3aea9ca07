/**
 * GPU page tables of one channel, in VRAM that the host keeps (datasheet, "page tables"): a
 * directory and tables of 512 entries. What was written is kept here too, so that VRAM is never read.
 */
import { GpuError, gpuVa, PAGE_BYTES, pte } from '@doorbell/abi';
import type { HostBell } from './host-bell.ts';

const { entries: ENTRIES, entryBytes: ENTRY_BYTES } = gpuVa;
/** Pages of the address space. */
export const GPU_PAGES = 2 ** gpuVa.bits / PAGE_BYTES;

interface Table {
  /** Its page of VRAM. */
  readonly page: number;
  /** Two words for each entry, low first. */
  readonly words: Uint32Array;
}

export class GpuPageTable {
  /** The page of VRAM that PAGE_ROOT takes. */
  readonly root: number;
  private readonly bell: HostBell;
  /** By index in the directory. */
  private readonly tables = new Map<number, Table>();

  /**
   * Nothing is mapped; or it is what it was when `state` was saved, in VRAM that is loaded already.
   * @throws GpuError `out-of-memory`
   */
  constructor(bell: HostBell, state?: GpuPageTableState) {
    this.bell = bell;
    this.root = state?.root ?? this.zeroedPage();
    for (const { index, page, words } of state?.tables ?? []) {
      this.tables.set(index, { page, words: words.slice() });
    }
  }

  /** The low word of a page's entry; 0: not present. */
  low(page: number): number {
    return this.word(page, 0);
  }

  /** The high word: address bits 47:32. */
  high(page: number): number {
    return this.word(page, 1);
  }

  private word(page: number, half: 0 | 1): number {
    const table = this.tables.get(Math.floor(page / ENTRIES));
    return table === undefined ? 0 : table.words[(page % ENTRIES) * 2 + half];
  }

  /** Indices of the directory that have a table, in order. */
  directory(): readonly number[] {
    return [...this.tables.keys()].sort((a, b) => a - b);
  }

  /**
   * Writes the entries of pages from `first` on: two words for each, low first. Whoever makes an
   * entry less than it was invalidates. @throws GpuError `out-of-memory` before anything is written.
   */
  write(first: number, entries: Uint32Array): void {
    const count = entries.length / 2;
    for (let index = Math.floor(first / ENTRIES); index * ENTRIES < first + count; index++) {
      this.need(index);
    }
    for (let done = 0; done < count;) {
      const at = (first + done) % ENTRIES;
      const part = Math.min(count - done, ENTRIES - at);
      const { page, words } = this.need(Math.floor((first + done) / ENTRIES));
      const piece = entries.subarray(done * 2, (done + part) * 2);
      words.set(piece, at * 2);
      this.bell.aperture.writeBlock(page * PAGE_BYTES + at * ENTRY_BYTES, bytesOf(piece));
      done += part;
    }
  }

  /** Gives its VRAM back. The channel has stopped. */
  destroy(): void {
    this.tables.forEach(({ page }) => {
      this.bell.releaseVram(page);
    });
    this.tables.clear();
    this.bell.releaseVram(this.root);
  }

  private need(index: number): Table {
    const known = this.tables.get(index);
    if (known !== undefined) {
      return known;
    }
    const page = this.zeroedPage();
    const table = { page, words: new Uint32Array(ENTRIES * 2) };
    this.tables.set(index, table);
    const entry = Uint32Array.of(page * PAGE_BYTES + pte.VALID.mask + pte.TABLE.mask, 0);
    this.bell.aperture.writeBlock(this.root * PAGE_BYTES + index * ENTRY_BYTES, bytesOf(entry));
    return table;
  }

  private zeroedPage(): number {
    const page = this.bell.allocateVram(1);
    if (page < 0) {
      throw new GpuError('out-of-memory', 'No VRAM is free for a page table.');
    }
    this.bell.clearNow(page, 1);
    return page;
  }

  /** Its tables, by what they hold. */
  save(): GpuPageTableState {
    return {
      root: this.root,
      tables: [...this.tables].map(([index, { page, words }]) => ({
        index,
        page,
        words: words.slice(),
      })),
    };
  }
}

export interface GpuPageTableState {
  readonly root: number;
  readonly tables: readonly {
    readonly index: number;
    readonly page: number;
    readonly words: Uint32Array;
  }[];
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
