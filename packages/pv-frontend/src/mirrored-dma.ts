/** The machine's DMA API, of which a device elsewhere is told: what it may reach, and how. */
import type { CoherentMemory, Dma, DmaDirection } from '@doorbell/abi';
import {
  access,
  MAX_COHERENT_BYTES,
  MAX_COHERENT_RANGES,
  type RequestFields,
} from '@doorbell/wire';
import type { MirroredMemory } from './mirrored-memory.ts';

const accessOf: Readonly<Record<DmaDirection, number>> = {
  'to-device': access.READ,
  'from-device': access.WRITE,
  both: access.READ | access.WRITE,
};

/** As the kernel's allocator throws it: what is freed makes room. */
class OutOfMemory extends Error {
  override readonly name = 'OutOfMemory';
}

/** Tells the device. `unmap` resolves once it has taken note, or never can. */
export interface MappingMessages {
  map(fields: RequestFields<'MAP'>): void;
  unmap(fields: RequestFields<'UNMAP'>): Promise<void>;
}

export class MirroredDma implements Dma {
  private readonly dma: Dma;
  private readonly memory: MirroredMemory;
  private readonly messages: MappingMessages;
  /** All that the device may reach, by IOVA. */
  private readonly mappings = new Map<number, RequestFields<'MAP'>>();
  /** Coherent ranges among them, and their bytes: the device has room for so many. */
  private ranges = 0;
  private bytes = 0;
  /** Freed, but the device did not know it yet: what it still writes there goes nowhere. */
  private readonly leaving = new Set<CoherentMemory>();

  constructor(dma: Dma, memory: MirroredMemory, messages: MappingMessages) {
    this.dma = dma;
    this.memory = memory;
    this.messages = messages;
  }

  map(address: number, bytes: number, direction: DmaDirection): number {
    const iova = this.dma.map(address, bytes, direction);
    this.announce({ iova, bytes, access: accessOf[direction], coherent: 0 });
    return iova;
  }

  unmap(iova: number, bytes: number): void {
    this.mappings.delete(iova);
    void this.messages.unmap({ iova, bytes });
    this.dma.unmap(iova, bytes);
  }

  /** @throws OutOfMemory also when the device, not the machine, has no room for more. */
  allocateCoherent(bytes: number): CoherentMemory {
    if (this.ranges >= MAX_COHERENT_RANGES || this.bytes + bytes > MAX_COHERENT_BYTES) {
      throw new OutOfMemory(`The device mirrors no ${bytes} bytes more.`);
    }
    const memory = this.dma.allocateCoherent(bytes);
    const { iova } = memory;
    this.ranges++;
    this.bytes += memory.bytes;
    this.memory.mirror(memory);
    this.announce({ iova, bytes: memory.bytes, access: accessOf.both, coherent: 1 });
    return memory;
  }

  freeCoherent(memory: CoherentMemory): void {
    this.memory.release(memory);
    this.mappings.delete(memory.iova);
    this.ranges--;
    this.bytes -= memory.bytes;
    void this.leave(memory);
    this.dma.freeCoherent(memory);
  }

  private announce(mapping: RequestFields<'MAP'>): void {
    this.mappings.set(mapping.iova, mapping);
    this.messages.map(mapping);
  }

  /** Tells a device that knows nothing of it of all that it may reach. */
  announceAll(): void {
    this.leaving.clear();
    for (const mapping of this.mappings.values()) {
      this.messages.map(mapping);
    }
    this.memory.changeAll();
  }

  /** Whether a range was freed and the device could not know it. */
  isLeaving(iova: number, bytes: number): boolean {
    for (const memory of this.leaving) {
      if (iova >= memory.iova && iova + bytes <= memory.iova + memory.bytes) {
        return true;
      }
    }
    return false;
  }

  private async leave(memory: CoherentMemory): Promise<void> {
    this.leaving.add(memory);
    await this.messages.unmap({ iova: memory.iova, bytes: memory.bytes });
    this.leaving.delete(memory);
  }
}
