/** A part of VRAM that a function has: it begins at page 0 for the function. */
import type { MemoryBacking } from '@doorbell/abi';

export class VramWindow implements MemoryBacking {
  /** Where it begins in the part's VRAM, and its size, in bytes. */
  readonly base: number;
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  private readonly vram: MemoryBacking;

  /** `base` and `size` are whole pages. */
  constructor(vram: MemoryBacking, base: number, size: number) {
    this.vram = vram;
    this.base = base;
    this.size = size;
    this.bytes = vram.bytes.subarray(base, base + size);
    this.halves = vram.halves.subarray(base / 2, (base + size) / 2);
    this.words = vram.words.subarray(base / 4, (base + size) / 4);
  }

  touched(offset: number, length: number): void {
    this.vram.touched(this.base + offset, length);
  }
}
