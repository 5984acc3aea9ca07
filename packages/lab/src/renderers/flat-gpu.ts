/**
 * A `Gpu` over engines that work on one flat memory: its resources are pages of that memory, and
 * what it submits are packets whose references are places in it. No device, no driver, no ring.
 */
import {
  checkBufferSize,
  checkFence,
  checkImageSize,
  commandNames,
  HandleTable,
  LostWork,
  GpuError,
  MAX_SURFACE,
  notAnImage,
  PAGE_BYTES,
  resolveResources,
  type CommandBuffer,
  type Display,
  type Fence,
  type Gpu,
  type GpuBuffer,
  type GpuFeatures,
  type GpuImage,
} from '@doorbell/abi';
import { OutOfMemory, PageAllocator } from '@doorbell/hypervisor';

/**
 * All calls take effect in order, whether or not their promises were awaited. Ranges lie within the
 * memory, and nothing that does is refused.
 * @throws GpuError `lost` from each, once the engines are gone.
 */
export interface FlatEngines {
  clear(address: number, bytes: number): void;
  write(address: number, bytes: Uint8Array): void | Promise<void>;
  read(address: number, into: Uint8Array): void | Promise<void>;
  /** Shows what `read` would give. */
  show(address: number, image: GpuImage, display: Display): void | Promise<void>;
  /** @param onLost  hears why work was lost, before `finished` resolves at the latest. */
  run(packets: Uint32Array, onLost: (error: GpuError) => void): void;
  /** Resolves when all work is done. */
  finished(): void | Promise<void>;
  close(): void;
}

interface Resource {
  readonly handle: number;
  readonly bytes: number;
  /** Where it begins in the engines' memory. */
  readonly address: number;
  readonly image: GpuImage | undefined;
}

export interface FlatGpuParts {
  readonly display: Display;
  /** Of the engines' memory, in bytes: whole pages. */
  readonly memoryBytes: number;
}

export class FlatGpu implements Gpu {
  readonly features: GpuFeatures;
  private readonly engines: FlatEngines;
  private readonly display: Display;
  private readonly pages: PageAllocator;
  private readonly resources = new HandleTable<Resource>();
  private lastFence: Fence = 0;
  /** Why work was lost. */
  private readonly lost = new LostWork();

  constructor(engines: FlatEngines, { display, memoryBytes }: FlatGpuParts) {
    this.engines = engines;
    this.display = display;
    // Address 0 means "none".
    this.pages = new PageAllocator(PAGE_BYTES, memoryBytes - PAGE_BYTES);
    this.features = {
      maxBufferBytes: memoryBytes - PAGE_BYTES,
      maxImageSize: MAX_SURFACE,
      commands: new Set(commandNames),
      compute: false,
    };
  }

  // ------------------------------------------------------------------------------ memory

  async createBuffer(bytes: number): Promise<GpuBuffer> {
    checkBufferSize(this.features, bytes);
    const { handle } = this.add(bytes);
    return { handle, bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    checkImageSize(this.features, width, height);
    const stride = width * 4;
    const { handle } = this.add(stride * height, { width, height, stride });
    return { handle, width, height, stride };
  }

  private add(bytes: number, picture?: Omit<GpuImage, 'handle'>): Resource {
    const address = this.allocate(bytes);
    this.engines.clear(address, bytes);
    return this.resources.add((handle) => ({
      handle,
      bytes,
      address,
      image: picture === undefined ? undefined : { handle, ...picture },
    }));
  }

  private allocate(bytes: number): number {
    try {
      return this.pages.allocate(bytes);
    } catch (error) {
      throw error instanceof OutOfMemory ? new GpuError('out-of-memory', error.message) : error;
    }
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    const resource = this.resources.find(handle);
    this.resources.remove(resource);
    // What is done with these pages next comes after the work submitted so far.
    this.pages.free(resource.address);
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    const { address } = this.resources.within(handle, offset, bytes.length);
    await this.engines.write(address + offset, bytes);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    const { address } = this.resources.within(handle, offset, into.length);
    await this.engines.read(address + offset, into);
  }

  /** Where an image's bytes lie in the engines' memory. @throws GpuError `bad-handle` */
  protected rangeOf(handle: number): { readonly address: number; readonly bytes: number } {
    return this.resources.find(handle);
  }

  // ------------------------------------------------------------------------------ work

  async submit(commands: CommandBuffer): Promise<Fence> {
    const packets = resolveResources(commands, this.resources, ({ address }) => address);
    const fence = ++this.lastFence;
    this.engines.run(packets, (error) => {
      this.lost.record(fence, error);
    });
    return fence;
  }

  async wait(fence: Fence): Promise<void> {
    checkFence(fence, this.lastFence);
    await this.engines.finished();
    const error = this.lost.errorOf(fence);
    if (error !== undefined) {
      throw error;
    }
  }

  async present({ handle }: GpuImage): Promise<void> {
    const { image, address } = this.resources.find(handle);
    if (image === undefined) {
      notAnImage(handle);
    }
    await this.engines.show(address, image, this.display);
  }

  async close(): Promise<void> {
    await this.engines.finished();
    for (const resource of [...this.resources.all()]) {
      await this.destroy(resource);
    }
    this.engines.close();
  }
}
