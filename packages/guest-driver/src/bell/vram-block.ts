/** Pages of VRAM in a row that the GPU reaches. */
import { GpuError, PAGE_BYTES } from '@doorbell/abi';
import type { AddressSpace } from './address-space.ts';
import type { FirstFit } from './first-fit.ts';

export class VramBlock {
  readonly pages: number;
  /** The first page. */
  readonly page: number;
  /** As the GPU sees it. */
  readonly va: number;
  private readonly vram: FirstFit;
  private readonly space: AddressSpace;

  /** Holds whatever was there before. @throws GpuError `out-of-memory` */
  constructor(vram: FirstFit, space: AddressSpace, bytes: number) {
    this.vram = vram;
    this.space = space;
    this.pages = Math.ceil(bytes / PAGE_BYTES);
    this.page = vram.allocate(this.pages);
    if (this.page < 0) {
      throw new GpuError('out-of-memory', `bell: no ${bytes} bytes of VRAM in a row are free.`);
    }
    try {
      this.va = space.map({ memory: 'vram', address: this.offset, writable: true }, this.pages);
    } catch (error) {
      vram.release(this.page, this.pages);
      throw error;
    }
  }

  /** As the CPU sees it, in the aperture. */
  get offset(): number {
    return this.page * PAGE_BYTES;
  }

  free(): void {
    this.space.unmap(this.va, this.pages);
    this.vram.release(this.page, this.pages);
  }
}
