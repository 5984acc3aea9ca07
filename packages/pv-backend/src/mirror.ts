/**
 * The driver's memory as a device elsewhere reaches it: coherent ranges are here, and what the
 * device changes in them is noted until it travels; all other memory is read and written by
 * messages.
 */
import type { DeviceMemory } from '@doorbell/abi';
import {
  eachRange,
  errorCodes,
  MAX_COHERENT_BYTES,
  MAX_COHERENT_RANGES,
  type Publication,
  type Ranges,
  Violation,
} from '@doorbell/wire';
import { lastAtOrBefore } from './bisection.ts';
import { always, type IsWanted } from './guest-memory.ts';
import { MirroredRange } from './mirrored-range.ts';

/** Memory that is not here. */
export interface RemoteMemory {
  /** Whether all of a range is mapped, in whatever way. */
  isMapped(iova: number, bytes: number): boolean;
  /** @param isWanted  asked before each message: once it is false, none is sent any more. */
  read(iova: number, into: Uint8Array, isWanted: IsWanted): Promise<boolean>;
  write(iova: number, bytes: Uint8Array, isWanted: IsWanted): Promise<boolean>;
  /** Whether the device is to be slowed down, because much waits to be sent to its driver. */
  readonly full: boolean;
  drained(): Promise<void>;
}

const nowhere = new MirroredRange(0, 0);

export class Mirror implements DeviceMemory {
  private readonly remote: RemoteMemory;
  private readonly publish: (iova: number) => void;
  /** By IOVA; none overlaps another. */
  private readonly ranges: MirroredRange[] = [];
  /** Bytes of all ranges. */
  private held = 0;
  /** Where the last access was: the next is likely there too. */
  private last = nowhere;

  /** @param publish  runs after each `release16`, with its IOVA. */
  constructor(remote: RemoteMemory, publish: (iova: number) => void) {
    this.remote = remote;
    this.publish = publish;
  }

  // ----------------------------------------------------------------------------- RingMemory
  // What is not mirrored reads 0 and takes no stores: the driver may unmap a ring in use.

  load16(address: number): number {
    const range = this.find(address, 2);
    return range === undefined ? 0 : range.halves[(address - range.iova) >>> 1];
  }

  load32(address: number): number {
    const range = this.find(address, 4);
    return range === undefined ? 0 : range.words[(address - range.iova) >>> 2];
  }

  store16(address: number, value: number): void {
    const range = this.find(address, 2);
    if (range !== undefined) {
      const offset = address - range.iova;
      range.halves[offset >>> 1] = value;
      range.changed.markAligned(offset & ~1, 2);
    }
  }

  store32(address: number, value: number): void {
    const range = this.find(address, 4);
    if (range !== undefined) {
      const offset = address - range.iova;
      range.words[offset >>> 2] = value;
      range.changed.markAligned(offset & ~3, 4);
    }
  }

  acquire16(address: number): number {
    return this.load16(address);
  }

  release16(address: number, value: number): void {
    this.store16(address, value);
    this.publish(address);
  }

  /** Nothing to do: messages come between the device's steps, never within one. */
  fence(): void {}

  // --------------------------------------------------------------------------- DeviceMemory

  reaches(address: number, bytes: number): boolean {
    return this.find(address, bytes) !== undefined;
  }

  /** What is mapped; the other side's IOMMU may refuse it all the same. */
  mayFetch(address: number, bytes: number): boolean {
    return bytes === 0 || this.remote.isMapped(address, bytes);
  }

  /** When false, `into` may have been written in part. */
  async fetch(address: number, into: Uint8Array, isWanted: IsWanted = always): Promise<boolean> {
    if (this.remote.full) {
      await this.remote.drained();
    }
    const range = this.find(address, into.length);
    if (range === undefined) {
      return this.remote.read(address, into, isWanted);
    }
    range.copyOut(address, into);
    return true;
  }

  /** When false, the first MiBs of more than one may have been written. */
  async store(address: number, bytes: Uint8Array, isWanted: IsWanted = always): Promise<boolean> {
    const range = this.find(address, bytes.length);
    if (range === undefined) {
      return this.remote.write(address, bytes, isWanted);
    }
    range.bytes.set(bytes, address - range.iova);
    range.changed.mark(address - range.iova, bytes.length);
    return true;
  }

  // -------------------------------------------------------------------------- the transport's

  /** @throws Violation */
  map(iova: number, bytes: number): void {
    if (iova % 4096 !== 0 || bytes === 0) {
      throw new Violation(errorCodes.UNEXPECTED, 'Coherent memory is whole pages.');
    }
    if (this.ranges.length >= MAX_COHERENT_RANGES || this.held + bytes > MAX_COHERENT_BYTES) {
      throw new Violation(errorCodes.LIMIT, 'There is too much coherent memory.');
    }
    const added = new MirroredRange(iova, bytes);
    const before = this.lastAt(iova);
    const neighbours = this.ranges.slice(Math.max(before, 0), before + 2);
    if (neighbours.some((range) => range.overlaps(added))) {
      throw new Violation(errorCodes.UNEXPECTED, 'Coherent memory overlaps.');
    }
    this.ranges.splice(before + 1, 0, added);
    this.held += bytes;
  }

  /** False: there is no such range. */
  unmap(iova: number, bytes: number): boolean {
    const index = this.lastAt(iova);
    const range = this.ranges[index];
    if (range?.iova !== iova || range.end !== iova + bytes) {
      return false;
    }
    this.ranges.splice(index, 1);
    this.held -= bytes;
    this.last = nowhere;
    return true;
  }

  /** What the driver changed. @throws Violation */
  apply(changes: Ranges): void {
    eachRange(changes, (iova, bytes) => {
      const range = this.find(iova, bytes.length);
      if (range === undefined) {
        throw new Violation(
          errorCodes.UNEXPECTED,
          `${bytes.length} bytes at IOVA 0x${iova.toString(16)} are not coherent memory.`,
        );
      }
      range.bytes.set(bytes, iova - range.iova);
    });
  }

  /** Adds all that the device changed since the last time. */
  gather(into: Publication): void {
    for (const range of this.ranges) {
      if (range.changed.any) {
        range.changed.take((offset, length) => {
          range.copyOut(range.iova + offset, into.add(range.iova + offset, length));
        });
      }
    }
  }

  /** A reset: what the device did not publish never happened. */
  forgetChanges(): void {
    for (const { changed } of this.ranges) {
      changed.clear();
    }
  }

  /** Gives back all memory. */
  clear(): void {
    this.ranges.length = 0;
    this.held = 0;
    this.last = nowhere;
  }

  /** Bytes of the driver's memory that are held here. */
  get bytesHeld(): number {
    return this.held;
  }

  private find(address: number, bytes: number): MirroredRange | undefined {
    if (this.last.holds(address, bytes)) {
      return this.last;
    }
    const range = this.ranges[this.lastAt(address)] ?? nowhere;
    if (!range.holds(address, bytes)) {
      return undefined;
    }
    this.last = range;
    return range;
  }

  /** The index of the last range that begins at or before an address, or -1. */
  private lastAt(address: number): number {
    const { ranges } = this;
    return lastAtOrBefore(address, ranges.length, (index) => ranges[index].iova);
  }
}
