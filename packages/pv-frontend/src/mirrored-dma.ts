/** The machine's DMA API, of which a device elsewhere is told: what it may reach, and how. */
import type { CoherentMemory, Dma, DmaDirection } from '@doorbell/abi';
import { access, type RequestFields } from '@doorbell/wire';
import type { MirroredMemory } from './mirrored-memory.ts';

const accessOf: Readonly<Record<DmaDirection, number>> = {
  'to-device': access.READ,
  'from-device': access.WRITE,
  both: access.READ | access.WRITE,
};

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

  allocateCoherent(bytes: number): CoherentMemory {
    const memory = this.dma.allocateCoherent(bytes);
    const { iova } = memory;
    this.memory.mirror(memory);
    this.announce({ iova, bytes: memory.bytes, access: accessOf.both, coherent: 1 });
    return memory;
  }

  freeCoherent(memory: CoherentMemory): void {
    this.memory.release(memory);
    this.mappings.delete(memory.iova);
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
