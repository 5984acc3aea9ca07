/**
 * Memory in pages of 4 KiB that remembers which of them were written, so that a checkpoint
 * copies those alone and shares all others with the checkpoint before.
 */
import { type MemoryBacking, PAGE_BYTES, type Stateful } from '@doorbell/abi';

const PAGE_SHIFT = 12;
/** Pages that are copied together: what keeps one of them keeps all. */
const MOST_IN_PIECE = 32;

/** Pages that stand together in a state, so that what was not written is shared with the one before. */
export const GROUP_PAGES = 256;
type PageGroup = readonly (Uint8Array | undefined)[];

/**
 * Groups of pages; undefined: never written, all zero. Neither pages nor groups must be changed: two
 * states share those that are the same in both.
 */
export type PagedMemoryState = readonly (PageGroup | undefined)[];

/** What a page held; undefined: zeros. */
export function pageOf(state: PagedMemoryState, page: number): Uint8Array | undefined {
  return state[Math.floor(page / GROUP_PAGES)]?.[page % GROUP_PAGES];
}

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
    const groups = Math.ceil(size / PAGE_BYTES / GROUP_PAGES);
    this.saved = new Array<undefined>(groups).fill(undefined);
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
      if (this.dirty[page] === 1 || pageOf(this.saved, page) !== undefined) {
        this.restore(page, undefined);
        this.dirty[page] = 1;
      }
    }
  }

  save(): PagedMemoryState {
    const groups: ((Uint8Array | undefined)[] | PageGroup | undefined)[] = [...this.saved];
    const own = new Map<number, (Uint8Array | undefined)[]>();
    for (let page = this.dirty.indexOf(1); page >= 0; page = this.dirty.indexOf(1, page)) {
      const number = Math.floor(page / GROUP_PAGES);
      const group = own.get(number) ?? [
        ...(groups[number] ?? new Array<undefined>(GROUP_PAGES).fill(undefined)),
      ];
      own.set(number, group);
      groups[number] = group;
      page = this.copy(page, group);
    }
    this.settle(groups);
    return groups;
  }

  /** Copies the pages of a group from `first` on that were written, in one piece; gives the one after them. */
  private copy(first: number, group: (Uint8Array | undefined)[]): number {
    const clean = this.dirty.indexOf(0, first);
    const most = Math.min(first - (first % GROUP_PAGES) + GROUP_PAGES, first + MOST_IN_PIECE);
    const end = Math.min(clean < 0 ? this.dirty.length : clean, most);
    const piece = this.bytes.slice(first * PAGE_BYTES, end * PAGE_BYTES);
    for (let page = first; page < end; page++) {
      const at = (page - first) * PAGE_BYTES;
      group[page % GROUP_PAGES] = piece.subarray(at, at + PAGE_BYTES);
    }
    return end;
  }

  /** Restores only the pages that were written, or that differ by reference from the last state. */
  load(state: PagedMemoryState): void {
    for (let page = this.dirty.indexOf(1); page >= 0; page = this.dirty.indexOf(1, page + 1)) {
      this.restore(page, pageOf(state, page));
    }
    for (let number = 0; number < this.saved.length; number++) {
      if (state[number] !== this.saved[number]) {
        this.loadGroup(state, number);
      }
    }
    this.settle(state);
  }

  private loadGroup(state: PagedMemoryState, number: number): void {
    const first = number * GROUP_PAGES;
    const end = Math.min(first + GROUP_PAGES, this.dirty.length);
    for (let page = first; page < end; page++) {
      const wanted = pageOf(state, page);
      if (this.dirty[page] === 0 && wanted !== pageOf(this.saved, page)) {
        this.restore(page, wanted);
      }
    }
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
