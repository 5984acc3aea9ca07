/**
 * Memory that an engine works on as one typed array: VRAM itself where the range lies in it in
 * one run, else a copy that is gathered before the work and scattered after it.
 */
import { type GpuMemory, Range } from './range.ts';
import type { AddressSpace } from './mmu.ts';
import type { Surface } from './surface.ts';

export class Operand {
  words: Uint32Array;
  /** The same bytes. */
  floats: Float32Array;
  /** The first word of the range: an index into both. */
  base = 0;
  private readonly memory: GpuMemory;
  private readonly range: Range;
  private readonly vramFloats: Float32Array;
  /** For gathering; grows. */
  private copyWords = new Uint32Array(0);
  private copyFloats = new Float32Array(0);

  constructor(memory: GpuMemory) {
    this.memory = memory;
    this.range = new Range(memory);
    this.words = memory.vram.words;
    this.vramFloats = new Float32Array(memory.vram.words.buffer);
    this.floats = this.vramFloats;
  }

  /** `va` is a multiple of 4. @throws Fault */
  map(space: AddressSpace, va: number, size: number, writes: boolean): void {
    this.range.map(space, va, size, writes);
  }

  /** Makes `words` and `floats` what the range holds. @throws Fault BUS */
  load(): void {
    const { range } = this;
    const direct = range.inVram;
    if (direct >= 0) {
      this.words = this.memory.vram.words;
      this.floats = this.vramFloats;
      this.base = direct / 4;
    } else {
      this.reserve(range.size);
      this.words = this.copyWords;
      this.floats = this.copyFloats;
      this.base = 0;
      range.read(0, this.copyBytes());
    }
  }

  /** Makes the range what `words` holds. @throws Fault BUS */
  store(): void {
    const { range } = this;
    const direct = range.inVram;
    if (direct >= 0) {
      this.memory.vram.touched(direct, range.size);
    } else {
      range.write(0, this.copyBytes());
    }
  }

  /** The range as a rectangle of words, `stride` bytes from row to row. */
  surface(stride: number, width: number, height: number): Surface {
    return { words: this.words, base: this.base, stride: stride / 4, width, height };
  }

  private copyBytes(): Uint8Array {
    return new Uint8Array(this.copyWords.buffer, 0, this.range.size);
  }

  private reserve(bytes: number): void {
    if (bytes > this.copyWords.byteLength) {
      const buffer = new ArrayBuffer(Math.ceil(bytes / 4) * 4);
      this.copyWords = new Uint32Array(buffer);
      this.copyFloats = new Float32Array(buffer);
    }
  }
}
