/**
 * RAM for a driver under test, strict where machines are lenient: an address that the device uses is
 * never the one that was mapped, what is not mapped the device does not reach, and what was not given
 * back is told.
 */
import {
  LinearMemory,
  PAGE_BYTES,
  type CoherentMemory,
  type DeviceMemory,
  type Dma,
  type Memory,
} from '@doorbell/abi';

const RAM_BYTES = 8 << 20;
const FIRST_IOVA = 0x4000_0000;

class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

interface Mapping {
  readonly address: number;
  readonly bytes: number;
}

export class StrictMemory extends LinearMemory implements Memory {
  /** Hears that the device loses what it reached. */
  onUnmap: (iova: number, bytes: number) => void = () => {};
  /** What the device asked for and was not mapped. */
  readonly refused: string[] = [];
  private readonly allocated = new Map<number, number>();
  private readonly mapped = new Map<number, Mapping>();
  private next = PAGE_BYTES;
  private nextIova = FIRST_IOVA;

  constructor() {
    super(new ArrayBuffer(RAM_BYTES));
  }

  /** In words; none: all was given back. */
  get held(): readonly string[] {
    return [
      ...(this.mapped.size > 0 ? [`${this.mapped.size} DMA mappings`] : []),
      ...(this.allocated.size > 0 ? [`${this.allocated.size} allocations`] : []),
    ];
  }

  copyIn(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, address);
  }

  copyOut(address: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(address, address + into.length));
  }

  /** Nothing is used again: who uses what is freed finds other bytes. */
  allocate(bytes: number): number {
    const size = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    const address = this.next;
    if (address + size > RAM_BYTES) {
      throw new OutOfMemory(`There are no ${size} bytes.`);
    }
    this.next += size;
    this.allocated.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.allocated.get(address);
    if (size === undefined) {
      throw new RangeError(`Nothing was allocated at ${address}.`);
    }
    this.allocated.delete(address);
    this.bytes.fill(0xdd, address, address + size);
  }

  readonly dma: Dma = {
    map: (address, bytes) => {
      const iova = this.nextIova + (address % PAGE_BYTES);
      this.nextIova += (Math.ceil(bytes / PAGE_BYTES) + 2) * PAGE_BYTES;
      this.mapped.set(iova, { address, bytes });
      return iova;
    },
    unmap: (iova, bytes) => {
      if (this.mapped.get(iova)?.bytes !== bytes) {
        throw new RangeError(`${bytes} bytes were not mapped at ${iova}.`);
      }
      this.onUnmap(iova, bytes);
      this.mapped.delete(iova);
    },
    allocateCoherent: (bytes): CoherentMemory => {
      const address = this.allocate(bytes);
      return { address, iova: this.dma.map(address, bytes, 'both'), bytes };
    },
    freeCoherent: ({ address, iova, bytes }) => {
      this.dma.unmap(iova, bytes);
      this.free(address);
    },
  };

  /** The same memory as the device reaches it. */
  readonly device: DeviceMemory = {
    load16: (iova) => this.load16(this.reached(iova, 2)),
    load32: (iova) => this.load32(this.reached(iova, 4)),
    acquire16: (iova) => this.acquire16(this.reached(iova, 2)),
    store16: (iova, value) => {
      this.store16(this.reached(iova, 2), value);
    },
    store32: (iova, value) => {
      this.store32(this.reached(iova, 4), value);
    },
    release16: (iova, value) => {
      this.release16(this.reached(iova, 2), value);
    },
    fence: () => {},
    reaches: (iova, bytes) => this.translate(iova, bytes) !== undefined,
    mayFetch: (iova, bytes) => this.translate(iova, bytes) !== undefined,
    fetch: async (iova, into) => this.fetchNow(iova, into),
    store: async (iova, bytes) => this.storeNow(iova, bytes),
  };

  fetchNow(iova: number, into: Uint8Array): boolean {
    const address = this.translate(iova, into.length);
    this.note(address, iova, into.length);
    if (address !== undefined) {
      this.copyOut(address, into);
    }
    return address !== undefined;
  }

  storeNow(iova: number, bytes: Uint8Array): boolean {
    const address = this.translate(iova, bytes.length);
    this.note(address, iova, bytes.length);
    if (address !== undefined) {
      this.copyIn(address, bytes);
    }
    return address !== undefined;
  }

  /** What is not mapped is nothing: page 0, which nobody is given. */
  private reached(iova: number, bytes: number): number {
    const address = this.translate(iova, bytes);
    this.note(address, iova, bytes);
    return address ?? 0;
  }

  private note(address: number | undefined, iova: number, bytes: number): void {
    if (address === undefined) {
      this.refused.push(`${bytes} bytes at 0x${iova.toString(16)}`);
    }
  }

  private translate(iova: number, bytes: number): number | undefined {
    for (const [at, mapping] of this.mapped) {
      if (iova >= at && iova + bytes <= at + mapping.bytes) {
        return mapping.address + iova - at;
      }
    }
    return undefined;
  }
}
