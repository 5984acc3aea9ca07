/** A driver's machine for tests: memory, an IOMMU that refuses what is not mapped, and a screen. */
import {
  type BusMaster,
  type CoherentMemory,
  type Display,
  type Dma,
  type DmaDirection,
  LinearMemory,
  type Memory,
} from '@doorbell/abi';
import { WallClock } from '@doorbell/wire';

/** The IOVA of an address: other than the address, so that the two cannot be confused. */
export const IOVA_OFFSET = 2 ** 33;

interface Mapping {
  readonly iova: number;
  readonly bytes: number;
  readonly direction: DmaDirection;
}

class PageMemory extends LinearMemory implements Memory {
  private end = 4096;

  copyIn(address: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, address);
  }

  copyOut(address: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(address, address + into.length));
  }

  allocate(bytes: number): number {
    const address = this.end;
    this.end += Math.ceil(bytes / 4096) * 4096;
    return address;
  }

  free(): void {}
}

export class TestMachine implements Dma, BusMaster, Display {
  readonly memory = new PageMemory(new ArrayBuffer(2 ** 25));
  readonly mappings: Mapping[] = [];
  readonly frames: Uint8Array[] = [];

  map(address: number, bytes: number, direction: DmaDirection): number {
    this.mappings.push({ iova: address + IOVA_OFFSET, bytes, direction });
    return address + IOVA_OFFSET;
  }

  unmap(iova: number): void {
    this.mappings.splice(
      this.mappings.findIndex((mapping) => mapping.iova === iova),
      1,
    );
  }

  allocateCoherent(bytes: number): CoherentMemory {
    const address = this.memory.allocate(bytes);
    return { address, iova: this.map(address, bytes, 'both'), bytes };
  }

  freeCoherent({ iova }: CoherentMemory): void {
    this.unmap(iova);
  }

  read(iova: number, into: Uint8Array): boolean {
    const allowed = this.allows(iova, into.length, 'from-device');
    if (allowed) {
      this.memory.copyOut(iova - IOVA_OFFSET, into);
    }
    return allowed;
  }

  write(iova: number, bytes: Uint8Array): boolean {
    const allowed = this.allows(iova, bytes.length, 'to-device');
    if (allowed) {
      this.memory.copyIn(iova - IOVA_OFFSET, bytes);
    }
    return allowed;
  }

  takeLatency(): number {
    return 0;
  }

  flip(pixels: Uint8Array): void {
    this.frames.push(pixels.slice());
  }

  private allows(iova: number, bytes: number, forbidden: DmaDirection): boolean {
    return this.mappings.some(
      (mapping) =>
        mapping.direction !== forbidden &&
        iova >= mapping.iova &&
        iova + bytes <= mapping.iova + mapping.bytes,
    );
  }
}

/** Time that goes only when it is told to. */
export class HandClock extends WallClock {
  private time = 0;
  private readonly due: { readonly at: number; readonly run: () => void }[] = [];

  constructor() {
    super({
      now: () => this.time,
      after: (ns, run) => {
        const timer = { at: this.time + ns, run };
        this.due.push(timer);
        return () => {
          this.due.splice(this.due.indexOf(timer) >>> 0, 1);
        };
      },
    });
  }

  advance(ns: number): void {
    this.time += ns;
    for (const timer of this.due.filter(({ at }) => at <= this.time)) {
      timer.run();
    }
  }

  get armed(): number {
    return this.due.length;
  }
}
