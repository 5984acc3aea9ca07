/** The guest's RAM as a driver's CPU sees it. */
import { type Memory, type MemoryBacking, PAGE_BYTES } from '@doorbell/abi';
import { PageAllocator } from '@doorbell/hypervisor';
import type { QtestConnection } from './connection.ts';
import type { Interrupts } from './interrupts.ts';
import type { RamBytes } from './ram-file.ts';

export interface GuestMemoryParts {
  readonly ram: RamBytes;
  readonly size: number;
  readonly pages: PageAllocator;
  readonly connection: QtestConnection;
  readonly interrupts: Interrupts;
}

export class GuestMemory implements Memory {
  private readonly parts: GuestMemoryParts;

  constructor(parts: GuestMemoryParts) {
    this.parts = parts;
  }

  load16(address: number): number {
    return this.enter(address, 2, 2).load16(address);
  }

  load32(address: number): number {
    return this.enter(address, 4, 4).load32(address);
  }

  store16(address: number, value: number): void {
    this.enter(address, 2, 2).store16(address, value);
  }

  store32(address: number, value: number): void {
    this.enter(address, 4, 4).store32(address, value);
  }

  acquire16(address: number): number {
    return this.enter(address, 2, 2).acquire16(address);
  }

  release16(address: number, value: number): void {
    this.enter(address, 2, 2).release16(address, value);
  }

  /** Nothing to do: Atomics are sequentially consistent, and so are read(2) and write(2). */
  fence(): void {}

  copyIn(address: number, bytes: Uint8Array): void {
    this.enter(address, bytes.length, 1).write(address, bytes);
  }

  copyOut(address: number, into: Uint8Array): void {
    this.enter(address, into.length, 1).read(address, into);
  }

  allocate(bytes: number): number {
    const { pages, ram } = this.parts;
    this.begin();
    const address = pages.allocate(bytes);
    ram.write(address, new Uint8Array(pages.sizeOf(address)));
    return address;
  }

  free(address: number): void {
    this.begin();
    this.parts.pages.free(address);
  }

  /** Comes first in each access. @throws RangeError */
  private enter(address: number, bytes: number, align: number): RamBytes {
    const { ram, size } = this.parts;
    if (!(address >= 0 && address + bytes <= size) || address % align !== 0) {
      throw new RangeError(`No ${bytes} bytes of RAM can be reached at 0x${address.toString(16)}.`);
    }
    this.begin();
    return ram;
  }

  /** What was written to a device is on its way before memory is looked at. */
  private begin(): void {
    this.parts.connection.flush();
    this.parts.interrupts.deliver();
  }
}

/** The mapping, for those who want typed arrays. Nobody checkpoints it, so nobody asks what was touched. */
export function mappedBacking(ram: RamBytes): MemoryBacking | undefined {
  const { buffer } = ram;
  return buffer === undefined
    ? undefined
    : {
        size: buffer.byteLength,
        bytes: new Uint8Array(buffer),
        halves: new Uint16Array(buffer),
        words: new Uint32Array(buffer),
        touched: () => {},
      };
}

/** The first MiB is left alone: it has holes. */
const LOW_MEMORY_BYTES = 1 << 20;

/** All pages that drivers may have. */
export function guestPages(size: number): PageAllocator {
  return new PageAllocator(LOW_MEMORY_BYTES, size - LOW_MEMORY_BYTES - (size % PAGE_BYTES));
}
