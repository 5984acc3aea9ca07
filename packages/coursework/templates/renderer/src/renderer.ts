/**
 * A renderer: what a paravirtual backend draws on. Resources and fences are there; no command is.
 * The rules are at the declaration of `Gpu`, the commands in the table `commands`, both in
 * `@doorbell/abi`.
 */
import {
  checkBufferSize,
  checkFence,
  checkImageSize,
  GpuError,
  HandleTable,
  MAX_SURFACE,
  notAnImage,
  readCommands,
  resolveResources,
  type CommandBuffer,
  type CommandName,
  type Fence,
  type Gpu,
  type GpuBuffer,
  type GpuFeatures,
  type GpuImage,
  type StreamCommand,
} from '@doorbell/abi';
import type { RendererPlace } from '@doorbell/lab';

interface Resource {
  readonly handle: number;
  readonly bytes: number;
  readonly memory: Uint8Array;
  /** Undefined of a buffer. */
  readonly image: GpuImage | undefined;
}

/** Whoever draws asks for these alone. Add each as you write it. */
const offered: readonly CommandName[] = [];

export class Renderer implements Gpu {
  readonly features: GpuFeatures;
  private readonly place: RendererPlace;
  private readonly resources = new HandleTable<Resource>();
  private bytesLeft: number;
  private lastFence: Fence = 0;

  constructor(place: RendererPlace) {
    this.place = place;
    this.bytesLeft = place.memoryBytes;
    this.features = {
      maxBufferBytes: place.memoryBytes,
      maxImageSize: MAX_SURFACE,
      commands: new Set(offered),
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
    if (bytes > this.bytesLeft) {
      throw new GpuError(
        'out-of-memory',
        `${bytes} bytes are more than the ${this.bytesLeft} left.`,
      );
    }
    this.bytesLeft -= bytes;
    return this.resources.add((handle) => ({
      handle,
      bytes,
      memory: new Uint8Array(bytes),
      image: picture && { handle, ...picture },
    }));
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    const resource = this.resources.find(handle);
    this.resources.remove(resource);
    this.bytesLeft += resource.bytes;
  }

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.resources.within(handle, offset, bytes.length).memory.set(bytes, offset);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    const { memory } = this.resources.within(handle, offset, into.length);
    into.set(memory.subarray(offset, offset + into.length));
  }

  // ------------------------------------------------------------------------------ work

  async submit(commands: CommandBuffer): Promise<Fence> {
    // Refuses what reaches beyond a resource, before anything has an effect.
    resolveResources(commands, this.resources, () => 0);
    for (const command of readCommands(commands)) {
      this.execute(command);
    }
    return ++this.lastFence;
  }

  private execute(command: StreamCommand): void {
    switch (command.name) {
      // case 'fill': a method of your own, with command.arguments. `memoryOf` gives the bytes.
      default:
        throw new GpuError('bad-command', `${command.name} is not written yet.`);
    }
  }

  async wait(fence: Fence): Promise<void> {
    checkFence(fence, this.lastFence);
  }

  async present({ handle }: GpuImage): Promise<void> {
    const { image, memory } = this.resources.find(handle);
    if (image === undefined) {
      notAnImage(handle);
    }
    this.place.display.flip(memory, image.width, image.height, image.stride);
  }

  async close(): Promise<void> {
    for (const resource of [...this.resources.all()]) {
      await this.destroy(resource);
    }
  }
}
