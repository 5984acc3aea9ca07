/**
 * Memory in pages of 4 KiB that remembers which of them were written, so that a checkpoint
 * copies those alone and shares all others with the checkpoint before.
 */
import { type MemoryBacking, PAGE_BYTES, type Stateful } from '@doorbell/abi';

const PAGE_SHIFT = 12;
/** Pages that are copied together: what keeps one of them keeps all. */
const MOST_IN_PIECE = 32;

/** One entry per page; undefined: never written, all zero. Pages must not be changed. */
export type PagedMemoryState = readonly (Uint8Array | undefined)[];

export class PagedMemory implements MemoryBacking, Stateful<PagedMemoryState> {
  /** In bytes. */
  readonly size: number;
  readonly bytes: Uint8Array;
  /** The same bytes. */
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** 1 for each page that was written since the last `save` or `load`. */
  private readonly dirty: Uint8Array;
  /** What the pages held at that time. */
  private saved: PagedMemoryState;

  /**
   * @param buffer  holds the bytes, all zero: one that threads share, or a new one.
   * @throws RangeError when `size` is not a multiple of 4096.
   */
  constructor(size: number, buffer: ArrayBufferLike = new ArrayBuffer(size)) {
    if (size % PAGE_BYTES !== 0) {
      throw new RangeError(`A memory of ${size} bytes is not made of pages of ${PAGE_BYTES}.`);
    }
    this.size = size;
    this.bytes = new Uint8Array(buffer, 0, size);
    this.halves = new Uint16Array(buffer, 0, size / 2);
    this.words = new Uint32Array(buffer, 0, size / 4);
    this.dirty = new Uint8Array(size / PAGE_BYTES);
    this.saved = new Array<undefined>(size / PAGE_BYTES).fill(undefined);
  }

  touched(offset: number, length: number): void {
    if (length > 0) {
      const first = offset >>> PAGE_SHIFT;
      const last = (offset + length - 1) >>> PAGE_SHIFT;
      if (first === last) {
        this.dirty[first] = 1;
      } else {
        this.dirty.fill(1, first, last + 1);
      }
    }
  }

  /** Makes whole pages hold zeros. Those that were never written are left as they are. */
  clear(offset: number, length: number): void {
    for (let page = offset >>> PAGE_SHIFT; page < (offset + length) / PAGE_BYTES; page++) {
      if (this.dirty[page] === 1 || this.saved[page] !== undefined) {
        this.restore(page, undefined);
        this.dirty[page] = 1;
      }
    }
  }

  save(): PagedMemoryState {
    const pages = this.saved.slice();
    for (let page = this.dirty.indexOf(1); page >= 0; page = this.dirty.indexOf(1, page)) {
      page = this.copy(page, pages);
    }
    this.settle(pages);
    return pages;
  }

  /** Copies the pages from `first` on that were written, in one piece; gives the one after them. */
  private copy(first: number, pages: (Uint8Array | undefined)[]): number {
    const clean = this.dirty.indexOf(0, first);
    const end = Math.min(clean < 0 ? this.dirty.length : clean, first + MOST_IN_PIECE);
    const piece = this.bytes.slice(first * PAGE_BYTES, end * PAGE_BYTES);
    for (let page = first; page < end; page++) {
      const at = (page - first) * PAGE_BYTES;
      pages[page] = piece.subarray(at, at + PAGE_BYTES);
    }
    return end;
  }

  /** Restores only the pages that were written, or that differ by reference from the last state. */
  load(state: PagedMemoryState): void {
    for (let page = 0; page < this.dirty.length; page++) {
      const wanted = state[page];
      if (this.dirty[page] === 1 || wanted !== this.saved[page]) {
        this.restore(page, wanted);
      }
    }
    this.settle(state);
  }

  private restore(page: number, contents: Uint8Array | undefined): void {
    const at = page * PAGE_BYTES;
    if (contents === undefined) {
      this.bytes.fill(0, at, at + PAGE_BYTES);
    } else {
      this.bytes.set(contents, at);
    }
  }

  private settle(state: PagedMemoryState): void {
    this.saved = state;
    this.dirty.fill(0);
  }
}
