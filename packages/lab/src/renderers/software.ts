/**
 * A renderer in software: bell's engines on memory of this process. No device, no driver, no ring;
 * work is done when it is submitted.
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
import { DirectEngines, Fault, type EngineRates } from '@doorbell/device-model';
import { OutOfMemory, PageAllocator } from '@doorbell/hypervisor';

/** As bell's watchdog has it at reset: longer than this is a hang. */
const WATCHDOG_NS = 200_000_000;

interface Resource {
  readonly handle: number;
  readonly bytes: number;
  /** Where it begins in the engines' memory. */
  readonly address: number;
  readonly image: GpuImage | undefined;
}

export interface SoftwareRendererParts {
  readonly display: Display;
  /** Of its memory, in bytes: whole pages. */
  readonly memoryBytes: number;
  readonly rates: EngineRates;
  /** Hears what the engines took, in nanoseconds. */
  readonly spend?: (ns: number) => void;
}

export class SoftwareRenderer implements Gpu {
  readonly features: GpuFeatures;
  private readonly parts: SoftwareRendererParts;
  private made: DirectEngines | undefined;
  private readonly pages: PageAllocator;
  private readonly resources = new HandleTable<Resource>();
  private lastFence: Fence = 0;
  /** Why work was lost. */
  private readonly lost = new LostWork();

  constructor(parts: SoftwareRendererParts) {
    const { memoryBytes } = parts;
    this.parts = parts;
    // Address 0 means "none".
    this.pages = new PageAllocator(PAGE_BYTES, memoryBytes - PAGE_BYTES);
    this.features = {
      maxBufferBytes: memoryBytes - PAGE_BYTES,
      maxImageSize: MAX_SURFACE,
      commands: new Set(commandNames),
      compute: false,
    };
  }

  /** With its memory, from when something is done with it: a device may stand by and draw nothing. */
  private get engines(): DirectEngines {
    const { memoryBytes, rates } = this.parts;
    return (this.made ??= new DirectEngines(memoryBytes, rates));
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
    this.engines.memory.bytes.fill(0, address, address + bytes);
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
    this.pages.free(resource.address);
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    const { address } = this.resources.within(handle, offset, bytes.length);
    this.engines.memory.bytes.set(bytes, address + offset);
  }

  /** An image's bytes themselves. @throws GpuError */
  bytesOf({ handle }: GpuImage): Uint8Array {
    const { address, bytes } = this.resources.find(handle);
    return this.engines.memory.bytes.subarray(address, address + bytes);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    const at = this.resources.within(handle, offset, into.length).address + offset;
    into.set(this.engines.memory.bytes.subarray(at, at + into.length));
  }

  // ------------------------------------------------------------------------------ work

  async submit(commands: CommandBuffer): Promise<Fence> {
    const packets = resolveResources(commands, this.resources, ({ address }) => address);
    const fence = ++this.lastFence;
    try {
      const ns = this.engines.run(packets, WATCHDOG_NS);
      this.parts.spend?.(ns);
    } catch (error) {
      this.lost.record(fence, asGpuError(error));
    }
    return fence;
  }

  async wait(fence: Fence): Promise<void> {
    checkFence(fence, this.lastFence);
    const error = this.lost.errorOf(fence);
    if (error !== undefined) {
      throw error;
    }
  }

  async present({ handle }: GpuImage): Promise<void> {
    const { image, address, bytes } = this.resources.find(handle);
    if (image === undefined) {
      notAnImage(handle);
    }
    const pixels = this.engines.memory.bytes.subarray(address, address + bytes);
    this.parts.display.flip(pixels, image.width, image.height, image.stride);
  }

  async close(): Promise<void> {
    for (const resource of [...this.resources.all()]) {
      await this.destroy(resource);
    }
  }
}

function asGpuError(error: unknown): GpuError {
  if (error instanceof Fault) {
    const code = error.reason === 'HANG' ? 'hang' : 'fault';
    return new GpuError(code, `The software renderer stopped: ${error.message}.`);
  }
  throw error;
}
