/**
 * Reads packets ahead: a piece of the ring, or of an indirect buffer, at a time. What lies before
 * the tail does not change until it has run, so reading early is not reading too early; what was
 * read is dropped when the channel jumps.
 */
import { PAGE_BYTES, type Stateful } from '@doorbell/abi';
import type { AddressSpace } from './mmu.ts';
import type { Range } from './range.ts';

const AHEAD_BYTES = 256;

export interface FetchState {
  readonly at: number;
  readonly size: number;
  readonly words: Uint32Array;
}

export class Fetch implements Stateful<FetchState> {
  /** The virtual address of the first byte that is held, and how many are. */
  private at = 0;
  private size = 0;
  private readonly words = new Uint32Array(AHEAD_BYTES / 4);
  private readonly bytes = new Uint8Array(this.words.buffer);

  /** The word at `va`, read through `range`. What is held ends at `limit`. @throws Fault */
  word(space: AddressSpace, range: Range, va: number, limit: number): number {
    if (va < this.at || va >= this.at + this.size) {
      this.fill(space, range, va, limit);
    }
    return this.words[(va - this.at) >>> 2];
  }

  /** To the end of the page at most, so that no page is asked for that no packet lies in. */
  private fill(space: AddressSpace, range: Range, va: number, limit: number): void {
    const size = Math.min(AHEAD_BYTES, limit - va, PAGE_BYTES - (va % PAGE_BYTES));
    this.drop();
    range.map(space, va, size, false);
    range.read(0, this.bytes.subarray(0, size));
    this.at = va;
    this.size = size;
  }

  drop(): void {
    this.size = 0;
  }

  save(): FetchState {
    return { at: this.at, size: this.size, words: this.words.slice() };
  }

  load(state: FetchState): void {
    this.at = state.at;
    this.size = state.size;
    this.words.set(state.words);
  }
}
