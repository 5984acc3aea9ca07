import type { CommandBuffer, Fence, Gpu, GpuImage } from '@doorbell/abi';

/** Two images that take turns on the screen: one is drawn while the other is shown. */
export class Swapchain {
  private readonly gpu: Gpu;
  private readonly images: readonly GpuImage[];
  /** Of the last work on each image. */
  private readonly fences: Fence[] = [0, 0];
  private turn = 0;

  private constructor(gpu: Gpu, images: readonly GpuImage[]) {
    this.gpu = gpu;
    this.images = images;
  }

  static async create(gpu: Gpu, width: number, height: number): Promise<Swapchain> {
    const images = [await gpu.createImage(width, height), await gpu.createImage(width, height)];
    return new Swapchain(gpu, images);
  }

  /** The image to draw next, when the GPU has done with its last frame. */
  async next(): Promise<GpuImage> {
    this.turn ^= 1;
    const fence = this.fences[this.turn];
    if (fence > 0) {
      await this.gpu.wait(fence);
    }
    return this.images[this.turn];
  }

  /** Draws on the image that `next` gave, and shows it. */
  async present(commands: CommandBuffer): Promise<void> {
    await this.show(await this.gpu.submit(commands));
  }

  /** Shows the image that `next` gave, which was drawn by submissions up to `fence`. */
  async show(fence: Fence): Promise<void> {
    this.fences[this.turn] = fence;
    await this.gpu.present(this.images[this.turn]);
  }

  async close(): Promise<void> {
    for (const image of this.images) {
      await this.gpu.destroy(image);
    }
  }
}
