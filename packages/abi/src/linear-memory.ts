/** Memory that two parties share, in one buffer: of this thread, or of several. */
import type { DeviceMemory } from './virtio.ts';

export class LinearMemory implements DeviceMemory {
  readonly size: number;
  readonly bytes: Uint8Array;
  private readonly halves: Uint16Array;
  private readonly words: Uint32Array;

  /** Address 0 is the first byte of `buffer`, whose size is a multiple of 4. */
  constructor(buffer: ArrayBufferLike) {
    this.size = buffer.byteLength;
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  load16(address: number): number {
    return this.halves[address >>> 1];
  }

  load32(address: number): number {
    return this.words[address >>> 2];
  }

  store16(address: number, value: number): void {
    this.halves[address >>> 1] = value;
  }

  store32(address: number, value: number): void {
    this.words[address >>> 2] = value;
  }

  acquire16(address: number): number {
    return Atomics.load(this.halves, address >>> 1);
  }

  release16(address: number, value: number): void {
    Atomics.store(this.halves, address >>> 1, value);
  }

  /** Nothing to do: Atomics are sequentially consistent, so `release16` is a full barrier too. */
  fence(): void {}

  /** Whether `bytes` bytes at `address` are there. */
  reaches(address: number, bytes: number): boolean {
    return address >= 0 && bytes >= 0 && address + bytes <= this.size;
  }

  mayFetch(address: number, bytes: number): boolean {
    return this.reaches(address, bytes);
  }

  async fetch(address: number, into: Uint8Array): Promise<boolean> {
    const reached = this.reaches(address, into.length);
    if (reached) {
      into.set(this.bytes.subarray(address, address + into.length));
    }
    return reached;
  }

  async store(address: number, bytes: Uint8Array): Promise<boolean> {
    const reached = this.reaches(address, bytes.length);
    if (reached) {
      this.bytes.set(bytes, address);
    }
    return reached;
  }
}
