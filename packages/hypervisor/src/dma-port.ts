/** The DMA API of one function as its driver calls it, over the one that its bus has. */
import type { Bdf, CoherentMemory, Dma, DmaDirection, DmaMappings } from '@doorbell/abi';
import type { Crossings } from './crossings.ts';
import { cost } from './profile.ts';
import type { Ram } from './ram.ts';

/** By the number that a recording has. */
export const directions: readonly DmaDirection[] = ['to-device', 'from-device', 'both'];

export class DmaPort implements Dma {
  private readonly crossings: Crossings;
  private readonly ram: Ram;
  private readonly at: Bdf;
  private readonly dma: DmaMappings;

  constructor(crossings: Crossings, ram: Ram, at: Bdf, dma: DmaMappings) {
    this.crossings = crossings;
    this.ram = ram;
    this.at = at;
    this.dma = dma;
  }

  map(address: number, bytes: number, direction: DmaDirection): number {
    const { crossings } = this;
    this.enter();
    this.ram.place(address, bytes);
    const iova = this.dma.map(address, bytes, direction);
    const number = directions.indexOf(direction);
    crossings.machine.tracer.event('dmaMap', iova, bytes, number + 1);
    crossings.note('dmaMap', this.at, address, bytes, number, undefined, iova);
    return iova;
  }

  unmap(iova: number, bytes: number): void {
    const { crossings } = this;
    this.enter();
    this.dma.unmap(iova, bytes);
    crossings.machine.tracer.event('dmaUnmap', iova, bytes);
    crossings.note('dmaUnmap', this.at, iova, bytes);
  }

  allocateCoherent(bytes: number): CoherentMemory {
    const address = this.ram.allocate(bytes);
    try {
      return { address, iova: this.map(address, bytes, 'both'), bytes };
    } catch (error) {
      this.ram.free(address);
      throw error;
    }
  }

  freeCoherent({ address, iova, bytes }: CoherentMemory): void {
    this.unmap(iova, bytes);
    this.ram.free(address);
  }

  private enter(): void {
    this.crossings.deliver();
    this.crossings.machine.charge(cost['driver.dmaMap'], 1, 1);
  }
}
