/**
 * RAM that the GPU reaches. Three parties must agree on it: the kernel (whose pages they are),
 * the IOMMU (the DMA mapping) and the GPU's own page tables (a SYSTEM page per page).
 */
import { type DmaDirection, GpuError, PAGE_BYTES, type PciDevice } from '@doorbell/abi';
import { Undo } from '../undo.ts';
import type { AddressSpace } from './address-space.ts';

export class DmaBuffer {
  readonly bytes: number;
  /** As the CPU sees it. */
  readonly address: number;
  /** As the GPU sees it. */
  readonly va: number;
  private readonly pages = new Undo();
  private readonly reach = new Undo();

  /**
   * `direction` says who writes: a GPU that only reads gets read-only pages. `contents` are put
   * there first: once memory is mapped it is the device's. Otherwise it is zero.
   * @throws GpuError `out-of-memory`
   */
  constructor(
    device: PciDevice,
    space: AddressSpace,
    bytes: number,
    direction: DmaDirection,
    contents?: Uint8Array,
  ) {
    const { memory, dma } = device;
    this.bytes = bytes;
    try {
      this.address = allocate(device, bytes);
      this.pages.push(() => {
        memory.free(this.address);
      });
      if (contents !== undefined) {
        memory.copyIn(this.address, contents);
      }
      const iova = dma.map(this.address, bytes, direction);
      this.reach.push(() => {
        dma.unmap(iova, bytes);
      });
      const pages = Math.ceil(bytes / PAGE_BYTES);
      const writable = direction !== 'to-device';
      this.va = space.map({ memory: 'system', address: iova, writable }, pages);
      this.reach.push(() => {
        space.unmap(this.va, pages);
      });
    } catch (error) {
      this.free();
      throw error;
    }
  }

  /** Takes the GPU's reach away: only now is what it wrote the CPU's. */
  detach(): void {
    this.reach.run();
  }

  free(): void {
    this.detach();
    this.pages.run();
  }
}

/** The kernel's allocator throws its own error. */
function allocate({ memory }: PciDevice, bytes: number): number {
  try {
    return memory.allocate(bytes);
  } catch (error) {
    if (error instanceof Error && error.name === 'OutOfMemory') {
      throw new GpuError(
        'out-of-memory',
        `bell: no ${bytes} bytes of RAM are free. ${error.message}`,
      );
    }
    throw error;
  }
}
