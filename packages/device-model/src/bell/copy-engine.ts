/** The copy engine's packets: what they may ask for, and how long they take. */
import { PAGE_BYTES } from '@doorbell/abi';
import { blit } from './blit.ts';
import { copyRows, fill } from './copy.ts';
import type { BellCounts } from './counts.ts';
import type { AddressSpace } from './mmu.ts';
import { Operand } from './operand.ts';
import { type Arguments, argumentsOf, extentOf } from './packet.ts';
import { packetChecks } from './packet-checks.ts';
import { type GpuMemory, Range } from './range.ts';
import type { EngineRates } from './rates.ts';

/** Each packet gives its nanoseconds; more than `limit`: it is too long and was not begun. */
export class CopyEngine {
  private readonly memory: GpuMemory;
  private readonly rates: EngineRates;
  private readonly counts: BellCounts;
  private readonly to: Range;
  private readonly from: Range;
  private readonly target: Operand;
  private readonly source: Operand;
  /** Bytes of a row on their way; grows. */
  private row = new Uint32Array(0);

  constructor(memory: GpuMemory, rates: EngineRates, counts: BellCounts) {
    this.memory = memory;
    this.rates = rates;
    this.counts = counts;
    this.to = new Range(memory);
    this.from = new Range(memory);
    this.target = new Operand(memory);
    this.source = new Operand(memory);
  }

  /** @throws Fault */
  fill(space: AddressSpace, packet: Uint32Array, limit: number): number {
    const values = argumentsOf('fill', packet);
    const { dst, width, height } = values;
    const bytes = width * 4 * height;
    packetChecks.fill(values);
    this.to.map(space, dst, extentOf('fill', 'dst', values), true);
    const ns = bytes * this.rates.fillByte;
    if (ns <= limit && bytes > 0) {
      this.fillRows(values);
      this.counts.bytesFilled += bytes;
    }
    return ns;
  }

  private fillRows({ stride, width, height, value }: Arguments<'fill'>): void {
    const { to, memory } = this;
    const direct = to.inVram;
    if (direct >= 0) {
      const { words } = memory.vram;
      const gapless = stride === width * 4;
      if (gapless && value === 0 && direct % PAGE_BYTES === 0 && to.size % PAGE_BYTES === 0) {
        // Clearing is most of what is filled, and most of it was never written.
        memory.vram.clear(direct, to.size);
        return;
      }
      const surface = gapless ? { width: width * height, height: 1 } : { width, height };
      fill({ words, base: direct / 4, stride: stride / 4, ...surface }, value);
      memory.vram.touched(direct, to.size);
      return;
    }
    const row = this.reserve(width * 4);
    this.row.fill(value, 0, width);
    for (let y = 0; y < height; y++) {
      to.write(y * stride, row);
    }
  }

  /** @throws Fault */
  copy(space: AddressSpace, packet: Uint32Array, limit: number): number {
    const values = argumentsOf('copy', packet);
    const { dst, src, rowBytes, rows } = values;
    const bytes = rowBytes * rows;
    packetChecks.copy(values);
    this.to.map(space, dst, extentOf('copy', 'dst', values), true);
    this.from.map(space, src, extentOf('copy', 'src', values), false);
    const ns = bytes * this.rates.copyByte;
    if (ns <= limit && bytes > 0) {
      this.copyRows(values);
      this.latch();
      this.counts.bytesCopied += bytes;
    }
    return ns;
  }

  private copyRows(values: Arguments<'copy'>): void {
    const { to, from, memory } = this;
    const { dstStride, srcStride, rowBytes, rows } = values;
    const { bytes } = memory.vram;
    if (to.inVram >= 0 && from.inVram >= 0) {
      copyRows(bytes, to.inVram, dstStride, bytes, from.inVram, srcStride, rowBytes, rows);
      memory.vram.touched(to.inVram, to.size);
      return;
    }
    for (let row = 0; row < rows; row++) {
      this.copyRow(row * dstStride, row * srcStride, rowBytes);
    }
  }

  /** What a part with the leaky register shows of the copy. */
  private latch(): void {
    const { lastWord } = this.memory;
    const last = this.from.size - 4;
    if (lastWord?.present === true && last >= 0) {
      this.from.read(last, lastWord.bytes);
    }
  }

  /** One row; through a buffer where the two may overlap. */
  private copyRow(toAt: number, fromAt: number, size: number): void {
    const { to, from, memory } = this;
    const { vram } = memory;
    if (to.inVram >= 0 && from.onBusOnly) {
      const at = to.inVram + toAt;
      from.read(fromAt, vram.bytes.subarray(at, at + size));
      vram.touched(at, size);
    } else if (from.inVram >= 0 && to.onBusOnly) {
      const at = from.inVram + fromAt;
      to.write(toAt, vram.bytes.subarray(at, at + size));
    } else {
      const row = this.reserve(size);
      from.read(fromAt, row);
      to.write(toAt, row);
    }
  }

  /** @throws Fault */
  blit(space: AddressSpace, packet: Uint32Array, limit: number): number {
    const values = argumentsOf('blit', packet);
    const { dst, dstWidth, dstHeight, src } = values;
    packetChecks.blit(values);
    this.target.map(space, dst, extentOf('blit', 'dst', values), true);
    this.source.map(space, src, extentOf('blit', 'src', values), false);
    const pixels = dstWidth * dstHeight;
    const ns = pixels * this.rates.blitPixel;
    if (ns <= limit && pixels > 0) {
      this.blitPixels(values);
      this.counts.pixelsBlitted += pixels;
    }
    return ns;
  }

  private blitPixels(values: Arguments<'blit'>): void {
    const { target, source } = this;
    target.load();
    source.load();
    blit(
      target.surface(values.dstStride, values.dstWidth, values.dstHeight),
      source.surface(values.srcStride, values.srcWidth, values.srcHeight),
      values.filter,
      values.blend,
    );
    target.store();
  }

  private reserve(bytes: number): Uint8Array {
    if (bytes > this.row.byteLength) {
      this.row = new Uint32Array(Math.ceil(bytes / 4));
    }
    return new Uint8Array(this.row.buffer, 0, bytes);
  }
}
