/** A `Gpu` that is opened after others were given it. */
import type {
  CommandBuffer,
  Fence,
  Gpu,
  GpuBuffer,
  GpuFeatures,
  GpuImage,
  Placement,
} from '@doorbell/abi';

export class LateGpu implements Gpu {
  private gpu: Gpu | undefined;

  become(gpu: Gpu): void {
    this.gpu = gpu;
  }

  /** @throws Error before `become`: a mistake of whoever hands it out. */
  private get opened(): Gpu {
    if (this.gpu === undefined) {
      throw new Error('The renderer is used before it was opened.');
    }
    return this.gpu;
  }

  get features(): GpuFeatures {
    return this.opened.features;
  }
  createBuffer(bytes: number, placement: Placement): Promise<GpuBuffer> {
    return this.opened.createBuffer(bytes, placement);
  }
  createImage(width: number, height: number): Promise<GpuImage> {
    return this.opened.createImage(width, height);
  }
  destroy(resource: GpuBuffer | GpuImage): Promise<void> {
    return this.opened.destroy(resource);
  }
  write(resource: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    return this.opened.write(resource, offset, bytes);
  }
  read(resource: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    return this.opened.read(resource, offset, into);
  }
  submit(commands: CommandBuffer): Promise<Fence> {
    return this.opened.submit(commands);
  }
  wait(fence: Fence): Promise<void> {
    return this.opened.wait(fence);
  }
  present(image: GpuImage): Promise<void> {
    return this.opened.present(image);
  }
  close(): Promise<void> {
    return this.opened.close();
  }
}
