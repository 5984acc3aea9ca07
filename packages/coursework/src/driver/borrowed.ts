/** What a driver holds of its device, kept count of: all of it has to be given back. */
import type { CoherentMemory, IrqMessage, PciDevice } from '@doorbell/abi';
import { alteredDma, alteredMemory } from '@doorbell/lab';

export class Borrowed {
  readonly device: PciDevice;
  private readonly mapped = new Map<string, number>();
  private readonly coherent = new Set<CoherentMemory>();
  private readonly pages = new Set<number>();
  private readonly messages = new Set<IrqMessage>();
  /** Where what is mapped lies in memory. */
  private readonly reached = new Map<string, number>();
  private hasLine = false;
  /** Whether memory was freed that was still mapped for the device. */
  freedWhileMapped = false;

  constructor(device: PciDevice) {
    const { memory, dma, irq } = device;
    this.device = {
      ...alteredDma(
        alteredMemory(device, {
          allocate: (bytes) => {
            const address = memory.allocate(bytes);
            this.pages.add(address);
            return address;
          },
          free: (address) => {
            this.pages.delete(address);
            this.freedWhileMapped ||= [...this.reached.values()].includes(address);
            memory.free(address);
          },
        }),
        {
          map: (address, bytes, direction) => {
            const iova = dma.map(address, bytes, direction);
            this.count(`${iova} ${bytes}`, 1);
            this.reached.set(`${iova} ${bytes}`, address);
            return iova;
          },
          unmap: (iova, bytes) => {
            this.count(`${iova} ${bytes}`, -1);
            this.reached.delete(`${iova} ${bytes}`);
            dma.unmap(iova, bytes);
          },
          allocateCoherent: (bytes) => {
            const memory = dma.allocateCoherent(bytes);
            this.coherent.add(memory);
            return memory;
          },
          freeCoherent: (memory) => {
            this.coherent.delete(memory);
            dma.freeCoherent(memory);
          },
        },
      ),
      irq: {
        request: (handler) => {
          const message = irq.request(handler);
          this.messages.add(message);
          return message;
        },
        release: (message) => {
          this.messages.delete(message);
          irq.release(message);
        },
        requestLine: (handler) => {
          this.hasLine = true;
          irq.requestLine(handler);
        },
        releaseLine: () => {
          this.hasLine = false;
          irq.releaseLine();
        },
      },
    };
  }

  private count(key: string, by: number): void {
    const now = (this.mapped.get(key) ?? 0) + by;
    if (now === 0) {
      this.mapped.delete(key);
    } else {
      this.mapped.set(key, now);
    }
  }

  /** In words; none: all was given back. */
  get held(): readonly string[] {
    return [
      ...(this.mapped.size > 0 ? [`${this.mapped.size} DMA mappings`] : []),
      ...(this.coherent.size > 0 ? [`${this.coherent.size} pieces of coherent memory`] : []),
      ...(this.pages.size > 0 ? [`${this.pages.size} allocations`] : []),
      ...(this.messages.size > 0 ? [`${this.messages.size} interrupt messages`] : []),
      ...(this.hasLine ? ['the INTx line'] : []),
    ];
  }
}
