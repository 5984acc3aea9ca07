/** The DMA API of a machine without an IOMMU: a device reaches all of RAM, by the same addresses. */
import type { CoherentMemory, Dma, Memory } from '@doorbell/abi';

export class IdentityDma implements Dma {
  private readonly memory: Memory;

  constructor(memory: Memory) {
    this.memory = memory;
  }

  map(address: number): number {
    return address;
  }

  unmap(): void {}

  allocateCoherent(bytes: number): CoherentMemory {
    const address = this.memory.allocate(bytes);
    return { address, iova: address, bytes };
  }

  freeCoherent({ address }: CoherentMemory): void {
    this.memory.free(address);
  }
}
