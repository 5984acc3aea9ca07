/** The guest's memory, as the client has let us map it: where the device's DMA goes. */
import type { BusMaster } from '@doorbell/abi';
import type { Libc } from '../native/libc.ts';
import { Refusal } from './refusal.ts';
import { MAX_DMA_MAPS } from './version.ts';

export interface DmaRange {
  readonly address: number;
  readonly size: number;
  readonly isReadable: boolean;
  readonly isWritable: boolean;
}

interface Mapped extends DmaRange {
  /** Undefined: the client keeps its memory to itself. */
  readonly memory: ArrayBuffer | undefined;
  readonly bytes: Uint8Array;
}

/** Where in the file a range begins. */
export interface DmaFile {
  readonly descriptor: number;
  readonly offset: number;
}

export class DmaMap implements BusMaster {
  private readonly libc: Pick<Libc, 'mapShared' | 'release'>;
  private readonly ranges: Mapped[] = [];
  /** What went through, in bytes, and how many transfers did not. */
  bytesRead = 0;
  bytesWritten = 0;
  refused = 0;

  constructor(libc: Pick<Libc, 'mapShared' | 'release'>) {
    this.libc = libc;
  }

  /**
   * The descriptor stays the caller's. Without a file the range is known, and all DMA to it refused:
   * it could be reached by messages only, of which this server sends none. @throws Refusal
   */
  add(range: DmaRange, file: DmaFile | undefined): void {
    const { address, size } = range;
    if (size <= 0 || !Number.isSafeInteger(address + size)) {
      throw new Refusal('EINVAL', `A range of ${size} bytes at ${address} is none.`);
    }
    if (this.ranges.some((at) => address < at.address + at.size && at.address < address + size)) {
      throw new Refusal('EEXIST', `Some of ${size} bytes at 0x${address.toString(16)} is mapped.`);
    }
    if (this.ranges.length >= MAX_DMA_MAPS) {
      throw new Refusal('ENOSPC', `${MAX_DMA_MAPS} ranges are mapped, which is the most.`);
    }
    const unreachable = { isReadable: false, isWritable: false, memory: undefined };
    this.ranges.push(
      file === undefined
        ? { ...range, ...unreachable, bytes: new Uint8Array(0) }
        : this.map(range, file),
    );
  }

  private map(range: DmaRange, { descriptor, offset }: DmaFile): Mapped {
    try {
      const memory = this.libc.mapShared(descriptor, offset, range.size);
      return { ...range, memory, bytes: new Uint8Array(memory) };
    } catch (error) {
      throw new Refusal('EINVAL', error instanceof Error ? error.message : String(error));
    }
  }

  /** With the same address and size that `add` had. @throws Refusal */
  remove(address: number, size: number): void {
    const index = this.ranges.findIndex((at) => at.address === address && at.size === size);
    if (index < 0) {
      throw new Refusal('ENOENT', `No ${size} bytes at 0x${address.toString(16)} are mapped.`);
    }
    this.drop(this.ranges.splice(index, 1));
  }

  clear(): void {
    this.drop(this.ranges.splice(0));
  }

  /**
   * Nobody else has a view of them, and a client may map and unmap for ever in a thread whose event
   * loop stands still: the addresses are to be free at once.
   */
  private drop(ranges: readonly Mapped[]): void {
    for (const { memory } of ranges) {
      if (memory !== undefined) {
        this.libc.release(memory);
      }
    }
  }

  get size(): number {
    return this.ranges.length;
  }

  /** The parts of a range, each in one mapping; undefined: some of it is not there, or not so. */
  private parts(
    address: number,
    size: number,
    may: 'isReadable' | 'isWritable',
  ): readonly Uint8Array[] | undefined {
    const parts: Uint8Array[] = [];
    for (let at = address; at < address + size;) {
      const found = this.ranges.find((r) => at >= r.address && at < r.address + r.size);
      if (found?.[may] !== true) {
        this.refused++;
        return undefined;
      }
      const part = found.bytes.subarray(at - found.address, address + size - found.address);
      parts.push(part);
      at += part.length;
    }
    return parts;
  }

  read(address: number, into: Uint8Array): boolean {
    let at = 0;
    const parts = this.parts(address, into.length, 'isReadable');
    for (const part of parts ?? []) {
      into.set(part, at);
      at += part.length;
    }
    this.bytesRead += at;
    return parts !== undefined;
  }

  write(address: number, bytes: Uint8Array): boolean {
    let at = 0;
    const parts = this.parts(address, bytes.length, 'isWritable');
    for (const part of parts ?? []) {
      part.set(bytes.subarray(at, at + part.length));
      at += part.length;
    }
    this.bytesWritten += at;
    return parts !== undefined;
  }

  takeLatency(): number {
    return 0;
  }
}
