/** A renderer that accepts everything and draws nothing: what is left is what the way to it costs. */
import {
  checkBufferSize,
  checkFence,
  checkImageSize,
  commandNames,
  HandleTable,
  MAX_SURFACE,
  notAnImage,
  resolveResources,
  type CommandBuffer,
  type Display,
  type Fence,
  type Gpu,
  type GpuBuffer,
  type GpuFeatures,
  type GpuImage,
} from '@doorbell/abi';

interface Resource {
  readonly handle: number;
  readonly bytes: number;
  readonly image: GpuImage | undefined;
}

export class NullRenderer implements Gpu {
  readonly features: GpuFeatures = {
    maxBufferBytes: 1 << 28,
    maxImageSize: MAX_SURFACE,
    commands: new Set(commandNames),
    compute: false,
  };
  private readonly display: Display;
  private readonly resources = new HandleTable<Resource>();
  private lastFence: Fence = 0;
  /** What every image looks like. */
  private black = new Uint8Array(0);

  constructor(display: Display) {
    this.display = display;
  }

  async createBuffer(bytes: number): Promise<GpuBuffer> {
    checkBufferSize(this.features, bytes);
    const { handle } = this.resources.add((number) => ({
      handle: number,
      bytes,
      image: undefined,
    }));
    return { handle, bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    checkImageSize(this.features, width, height);
    const picture = { width, height, stride: width * 4 };
    const { handle } = this.resources.add((number) => ({
      handle: number,
      bytes: picture.stride * height,
      image: { handle: number, ...picture },
    }));
    return { handle, ...picture };
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.resources.remove(this.resources.find(handle));
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.resources.within(handle, offset, bytes.length);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    this.resources.within(handle, offset, into.length);
    into.fill(0);
  }

  async submit(commands: CommandBuffer): Promise<Fence> {
    resolveResources(commands, this.resources, () => 0);
    return ++this.lastFence;
  }

  async wait(fence: Fence): Promise<void> {
    checkFence(fence, this.lastFence);
  }

  async present({ handle }: GpuImage): Promise<void> {
    const { image, bytes } = this.resources.find(handle);
    if (image === undefined) {
      notAnImage(handle);
    }
    if (this.black.length < bytes) {
      this.black = new Uint8Array(bytes);
    }
    this.display.flip(this.black, image.width, image.height, image.stride);
  }

  async close(): Promise<void> {
    for (const resource of [...this.resources.all()]) {
      this.resources.remove(resource);
    }
  }
}
