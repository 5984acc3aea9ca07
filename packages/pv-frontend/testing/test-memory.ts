/**
 * RAM for tests, strict where machines are lenient: an IOVA is never the address that was mapped,
 * what is not mapped the device does not reach, and what is not given back is in `leaks`.
 */
import {
  type CoherentMemory,
  type DeviceMemory,
  type Dma,
  LinearMemory,
  type Memory,
  PAGE_BYTES,
} from '@doorbell/abi';

class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

/** IOVAs begin here. */
const FIRST_IOVA = 0x4000_0000;

export class TestMemory extends LinearMemory implements Memory {
  /** Bytes that may be allocated; and from which size on runs are refused, as if fragmented. */
  limit: number;
  longest = Infinity;
  /** Accesses of the device to what was not mapped for it. */
  readonly refused: string[] = [];
  private readonly allocated = new Map<number, number>();
  private readonly mapped = new Map<number, { address: number; bytes: number }>();
  private next = PAGE_BYTES;
  private nextIova = FIRST_IOVA;
  private readonly free_ = new Map<number, number[]>();

  constructor(bytes = 64 << 20) {
    super(new ArrayBuffer(bytes));
    this.limit = bytes - PAGE_BYTES;
  }

  get used(): number {
    return [...this.allocated.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  leaks(): string[] {
    return [
      ...Array.from(this.allocated, ([address, bytes]) => `memory ${address}+${bytes}`),
      ...Array.from(this.mapped, ([iova, { bytes }]) => `mapping ${iova}+${bytes}`),
    ];
  }

  copyIn(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, address);
  }

  copyOut(address: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(address, address + into.length));
  }

  allocate(bytes: number): number {
    const size = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    if (this.used + size > this.limit || size > this.longest) {
      throw new OutOfMemory(`no ${size} bytes`);
    }
    const reused = this.free_.get(size)?.pop();
    const address = reused ?? this.next;
    this.next += reused === undefined ? size : 0;
    this.bytes.fill(0, address, address + size);
    this.allocated.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.allocated.get(address);
    if (size === undefined) {
      throw new RangeError(`Nothing was allocated at ${address}.`);
    }
    this.allocated.delete(address);
    this.bytes.fill(0xdd, address, address + size); // who still uses it will notice
    this.free_.set(size, [...(this.free_.get(size) ?? []), address]);
  }

  readonly dma: Dma = {
    map: (address, bytes) => {
      const iova = this.nextIova + (address % PAGE_BYTES);
      this.nextIova += Math.ceil(bytes / PAGE_BYTES + 1) * PAGE_BYTES;
      this.mapped.set(iova, { address, bytes });
      return iova;
    },
    unmap: (iova, bytes) => {
      if (this.mapped.get(iova)?.bytes !== bytes) {
        throw new RangeError(`${bytes} bytes were not mapped at ${iova}.`);
      }
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

  /** -1: nothing is mapped there. */
  private translate(iova: number, bytes: number): number {
    for (const [at, mapping] of this.mapped) {
      if (iova >= at && iova + bytes <= at + mapping.bytes) {
        return mapping.address + iova - at;
      }
    }
    return -1;
  }

  private reached(iova: number, bytes: number): number {
    const address = this.translate(iova, bytes);
    if (address < 0) {
      this.refused.push(`${iova.toString(16)}+${bytes}`);
    }
    return address;
  }

  /** The same memory as the device reaches it. */
  readonly device: DeviceMemory = {
    load16: (iova) => this.load16(this.reached(iova, 2)),
    load32: (iova) => this.load32(this.reached(iova, 4)),
    store16: (iova, value) => {
      this.store16(this.reached(iova, 2), value);
    },
    store32: (iova, value) => {
      this.store32(this.reached(iova, 4), value);
    },
    acquire16: (iova) => this.acquire16(this.reached(iova, 2)),
    release16: (iova, value) => {
      this.release16(this.reached(iova, 2), value);
    },
    fence: () => {},
    reaches: (iova, bytes) => this.translate(iova, bytes) >= 0,
    mayFetch: (iova, bytes) => this.translate(iova, bytes) >= 0,
    fetch: async (iova, into) => this.moveIn(iova, into),
    store: async (iova, bytes) => this.moveOut(iova, bytes),
  };

  moveIn(iova: number, into: Uint8Array): boolean {
    const address = this.reached(iova, into.length);
    if (address >= 0) {
      this.copyOut(address, into);
    }
    return address >= 0;
  }

  moveOut(iova: number, bytes: Uint8Array): boolean {
    const address = this.reached(iova, bytes.length);
    if (address >= 0) {
      this.copyIn(address, bytes);
    }
    return address >= 0;
  }
}
