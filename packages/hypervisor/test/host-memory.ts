/** Flat memory and a pool of pages in it that tells what leaks. */
import { PAGE_BYTES, type MemoryBacking } from '@doorbell/abi';
import type { TablePages } from '../src/io-page-table.ts';

export class HostMemory implements MemoryBacking, TablePages {
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  /** Pages that were written. */
  readonly dirty = new Set<number>();
  private readonly free: number[] = [];
  private readonly first: number;
  private next: number;

  /** Pages are handed out from `first` on, in order; those that were given back come first. */
  constructor(size: number, first = 0x10000) {
    this.size = size;
    this.bytes = new Uint8Array(size);
    this.halves = new Uint16Array(this.bytes.buffer);
    this.words = new Uint32Array(this.bytes.buffer);
    this.first = first;
    this.next = first;
  }

  touched(offset: number, length: number): void {
    for (let page = Math.floor(offset / PAGE_BYTES); page * PAGE_BYTES < offset + length; page++) {
      this.dirty.add(page);
    }
  }

  allocatePage(): number {
    const page = this.free.pop() ?? this.next;
    if (page + PAGE_BYTES > this.size) {
      throw new RangeError('The pool is empty.');
    }
    this.next = Math.max(this.next, page + PAGE_BYTES);
    this.bytes.fill(0, page, page + PAGE_BYTES);
    return page;
  }

  freePage(address: number): void {
    if (address < this.first || address >= this.next || this.free.includes(address)) {
      throw new RangeError(`Page 0x${address.toString(16)} was not handed out.`);
    }
    this.free.push(address);
  }

  /** Pages that are handed out. */
  get inUse(): number {
    return (this.next - this.first) / PAGE_BYTES - this.free.length;
  }

  /** `length` bytes from `at`, as a hex dump prints them. */
  dump(at: number, length: number): string {
    return Array.from(this.bytes.subarray(at, at + length), (byte) =>
      byte.toString(16).padStart(2, '0'),
    ).join(' ');
  }

  /** Writes 32-bit words from `at` on. */
  poke(at: number, ...values: number[]): void {
    values.forEach((value, index) => (this.words[at / 4 + index] = value));
    this.touched(at, values.length * 4);
  }
}
