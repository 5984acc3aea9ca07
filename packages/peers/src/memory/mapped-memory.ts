/** A guest's RAM as another process maps it: ranges of addresses, each behind a mapping of its own. */
import type { DeviceMemory } from '@doorbell/abi';

/** Bytes at a guest-physical address. Both are multiples of 4. */
export interface MemoryRange {
  readonly address: number;
  readonly buffer: ArrayBufferLike;
}

class Mapped {
  readonly address: number;
  readonly end: number;
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;

  constructor({ address, buffer }: MemoryRange) {
    this.address = address;
    this.end = address + buffer.byteLength;
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
  }
}

/** Reached by nobody: its address is beyond its end. */
const nowhere = new Mapped({ address: 0, buffer: new ArrayBuffer(0) });

export class MappedMemory implements DeviceMemory {
  private ranges: readonly Mapped[] = [];
  /** Where the last access went: the next goes there too, mostly. */
  private last = nowhere;

  /** What is mapped from now on; what was before is touched no more. */
  setRanges(ranges: readonly MemoryRange[]): void {
    this.ranges = ranges.map((range) => new Mapped(range));
    this.last = nowhere;
  }

  /** The mapping that has all of a range. A range that spans two is in none. */
  private find(address: number, bytes: number): Mapped | undefined {
    const { last } = this;
    if (address >= last.address && address + bytes <= last.end) {
      return last;
    }
    const found = this.ranges.find((at) => address >= at.address && address + bytes <= at.end);
    if (found !== undefined) {
      this.last = found;
    }
    return found;
  }

  /** @throws RangeError: ring code asks `reaches` first. */
  private at(address: number, bytes: number): Mapped {
    const found = this.find(address, bytes);
    if (found === undefined) {
      throw new RangeError(`No memory is mapped at 0x${address.toString(16)}.`);
    }
    return found;
  }

  load16(address: number): number {
    const at = this.at(address, 2);
    return at.halves[(address - at.address) / 2];
  }

  load32(address: number): number {
    const at = this.at(address, 4);
    return at.words[(address - at.address) / 4];
  }

  store16(address: number, value: number): void {
    const at = this.at(address, 2);
    at.halves[(address - at.address) / 2] = value;
  }

  store32(address: number, value: number): void {
    const at = this.at(address, 4);
    at.words[(address - at.address) / 4] = value;
  }

  acquire16(address: number): number {
    const at = this.at(address, 2);
    return Atomics.load(at.halves, (address - at.address) / 2);
  }

  release16(address: number, value: number): void {
    const at = this.at(address, 2);
    Atomics.store(at.halves, (address - at.address) / 2, value);
  }

  /** Nothing to do: Atomics are sequentially consistent, so `release16` is a full barrier too. */
  fence(): void {}

  reaches(address: number, bytes: number): boolean {
    return this.find(address, bytes) !== undefined;
  }

  mayFetch(address: number, bytes: number): boolean {
    return this.reaches(address, bytes);
  }

  async fetch(address: number, into: Uint8Array): Promise<boolean> {
    return this.read(address, into);
  }

  async store(address: number, bytes: Uint8Array): Promise<boolean> {
    return this.write(address, bytes);
  }

  /** False: it is not there, and nothing was copied. */
  read(address: number, into: Uint8Array): boolean {
    const at = this.find(address, into.length);
    if (at === undefined) {
      return false;
    }
    const from = address - at.address;
    into.set(at.bytes.subarray(from, from + into.length));
    return true;
  }

  write(address: number, bytes: Uint8Array): boolean {
    const at = this.find(address, bytes.length);
    at?.bytes.set(bytes, address - at.address);
    return at !== undefined;
  }
}
