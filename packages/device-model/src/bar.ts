/** What stands behind a base address register: memory, or regions of registers. */
import { type AccessWidth, allOnes, type BarShape, type MemoryBacking } from '@doorbell/abi';

/** A part of a BAR with operations of its own. Offsets that they are handed count from `base`. */
export interface BarRegion {
  /** Where it begins in the BAR, and its size, in bytes. */
  readonly base: number;
  readonly size: number;
  /** Accesses of another width never reach the operations. */
  readonly widths: readonly AccessWidth[];
  /** Gives an unsigned value. */
  read(offset: number, width: AccessWidth): number;
  write(offset: number, width: AccessWidth, value: number): void;
}

/** A BAR as data. Reads that no region takes give all ones; such writes do nothing. */
export interface Bar extends BarShape {
  /** Which base address register; a 64-bit BAR also takes the next. */
  readonly index: number;
  /** The whole BAR is memory, */
  readonly memory?: MemoryBacking;
  /** or it is made of these. */
  readonly regions?: readonly BarRegion[];
  /** Hears of writes that no region takes. */
  readonly unclaimed?: (offset: number) => void;
}

const none: readonly BarRegion[] = [];

function findRegion(bar: Bar, offset: number, width: AccessWidth): BarRegion | undefined {
  const regions = bar.regions ?? none;
  for (let index = 0; index < regions.length; index++) {
    const region = regions[index];
    const at = offset - region.base;
    if (at >= 0 && at + width <= region.size) {
      return region.widths.includes(width) ? region : undefined;
    }
  }
  return undefined;
}

export function readBar(bar: Bar, offset: number, width: AccessWidth): number {
  if (bar.memory !== undefined) {
    return readMemory(bar.memory, offset, width);
  }
  const region = findRegion(bar, offset, width);
  return region === undefined ? allOnes(width) : region.read(offset - region.base, width);
}

export function writeBar(bar: Bar, offset: number, width: AccessWidth, value: number): void {
  if (bar.memory !== undefined) {
    writeMemory(bar.memory, offset, width, value);
    return;
  }
  const region = findRegion(bar, offset, width);
  if (region === undefined) {
    bar.unclaimed?.(offset);
  } else {
    region.write(offset - region.base, width, value);
  }
}

function readMemory(memory: MemoryBacking, offset: number, width: AccessWidth): number {
  if (!(offset >= 0 && offset + width <= memory.size)) {
    return allOnes(width);
  }
  if (width === 4 && offset % 4 === 0) {
    return memory.words[offset >>> 2];
  }
  let value = 0;
  for (let i = 0; i < width; i++) {
    value |= memory.bytes[offset + i] << (8 * i);
  }
  return value >>> 0;
}

function writeMemory(
  memory: MemoryBacking,
  offset: number,
  width: AccessWidth,
  value: number,
): void {
  if (!(offset >= 0 && offset + width <= memory.size)) {
    return;
  }
  if (width === 4 && offset % 4 === 0) {
    memory.words[offset >>> 2] = value;
  } else {
    for (let i = 0; i < width; i++) {
      memory.bytes[offset + i] = value >>> (8 * i);
    }
  }
  memory.touched(offset, width);
}
