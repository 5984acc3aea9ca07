/**
 * The machine's memory, of which some is mirrored at a device that cannot reach it: the driver
 * loads and stores as always, and what it changes in coherent memory is noted until it travels.
 */
import type { CoherentMemory, Memory } from '@doorbell/abi';
import { ChangedBytes, type Publication } from '@doorbell/wire';

class MirroredRange {
  readonly memory: CoherentMemory;
  readonly changed: ChangedBytes;

  constructor(memory: CoherentMemory) {
    this.memory = memory;
    this.changed = new ChangedBytes(memory.bytes);
  }
}

/** Of no memory. */
const nowhere = new MirroredRange({ address: 0, iova: 0, bytes: 0 });

export class MirroredMemory implements Memory {
  private readonly memory: Memory;
  private readonly publish: (iova: number) => void;
  private readonly ranges = new Set<MirroredRange>();
  /** Where the last change was: the next is likely there too. */
  private last = nowhere;

  /** @param publish  runs after each `release16` into coherent memory, with its IOVA. */
  constructor(memory: Memory, publish: (iova: number) => void) {
    this.memory = memory;
    this.publish = publish;
  }

  load16(address: number): number {
    return this.memory.load16(address);
  }

  load32(address: number): number {
    return this.memory.load32(address);
  }

  acquire16(address: number): number {
    return this.memory.acquire16(address);
  }

  fence(): void {
    this.memory.fence();
  }

  store16(address: number, value: number): void {
    this.memory.store16(address, value);
    const range = this.find(address);
    range?.changed.markAligned(address - range.memory.address, 2);
  }

  store32(address: number, value: number): void {
    this.memory.store32(address, value);
    const range = this.find(address);
    range?.changed.markAligned(address - range.memory.address, 4);
  }

  release16(address: number, value: number): void {
    this.memory.release16(address, value);
    const range = this.find(address);
    if (range !== undefined) {
      const offset = address - range.memory.address;
      range.changed.markAligned(offset, 2);
      this.publish(range.memory.iova + offset);
    }
  }

  copyIn(address: number, bytes: Uint8Array): void {
    this.memory.copyIn(address, bytes);
    const range = this.find(address);
    if (range !== undefined) {
      const offset = address - range.memory.address;
      range.changed.mark(offset, Math.min(bytes.length, range.memory.bytes - offset));
    }
  }

  copyOut(address: number, into: Uint8Array): void {
    this.memory.copyOut(address, into);
  }

  allocate(bytes: number): number {
    return this.memory.allocate(bytes);
  }

  free(address: number): void {
    this.memory.free(address);
  }

  // ------------------------------------------------------------------------- the transport's

  /** Notes changes from now on. */
  mirror(memory: CoherentMemory): void {
    this.ranges.add(new MirroredRange(memory));
  }

  /** Notes them no longer. */
  release({ iova }: CoherentMemory): void {
    this.last = nowhere;
    for (const range of this.ranges) {
      if (range.memory.iova === iova) {
        this.ranges.delete(range);
      }
    }
  }

  /** Notes all of it as changed: the other side has zeros. */
  changeAll(): void {
    for (const { memory, changed } of this.ranges) {
      changed.mark(0, memory.bytes);
    }
  }

  /** Whether all of a range is mirrored, by IOVA. */
  reaches(iova: number, bytes: number): boolean {
    return this.within(iova, bytes) !== undefined;
  }

  /** By IOVA; what is not mirrored reads 0. */
  load16At(iova: number): number {
    const memory = this.within(iova, 2);
    return memory === undefined ? 0 : this.memory.load16(memory.address + iova - memory.iova);
  }

  /** Adds all that was changed since the last time; `read` fetches bytes by IOVA. */
  gather(into: Publication, read: (iova: number, bytes: Uint8Array) => void): void {
    for (const { memory, changed } of this.ranges) {
      if (changed.any) {
        changed.take((offset, length) => {
          read(memory.iova + offset, into.add(memory.iova + offset, length));
        });
      }
    }
  }

  private within(iova: number, bytes: number): CoherentMemory | undefined {
    for (const { memory } of this.ranges) {
      if (iova >= memory.iova && iova + bytes <= memory.iova + memory.bytes) {
        return memory;
      }
    }
    return undefined;
  }

  private find(address: number): MirroredRange | undefined {
    if (holds(this.last, address)) {
      return this.last;
    }
    for (const range of this.ranges) {
      if (holds(range, address)) {
        this.last = range;
        return range;
      }
    }
    return undefined;
  }
}

function holds({ memory }: MirroredRange, address: number): boolean {
  return address >= memory.address && address < memory.address + memory.bytes;
}
