/**
 * The Gpu API on one channel of bell. What takes its turn goes through the queue; what is wrong
 * with a call is found before anything of it has an effect.
 */
import {
  checkBufferSize,
  checkFence,
  checkImageSize,
  type CommandBuffer,
  type Fence,
  type Gpu,
  type GpuBuffer,
  GpuError,
  type GpuFeatures,
  type GpuImage,
  HandleTable,
  LostWork,
  notAnImage,
  PAGE_BYTES,
  type Placement,
  resolveResources,
} from '@doorbell/abi';
import type { Undo } from '../undo.ts';
import type { AddressSpace } from './address-space.ts';
import type { BellDevice } from './device.ts';
import { DmaBuffer } from './dma-buffer.ts';
import { clearPages } from './packets.ts';
import type { Queue } from './queue.ts';
import { addResource, type Resource } from './resource.ts';
import type { Picture } from './scanout.ts';
import { Transfer } from './transfer.ts';
import { VramBlock } from './vram-block.ts';

const ZERO_PAGE = new Uint8Array(PAGE_BYTES);

export class BellGpu implements Gpu {
  readonly features: GpuFeatures;
  private readonly device: BellDevice;
  private readonly space: AddressSpace;
  private readonly queue: Queue;
  private readonly undo: Undo;
  private readonly transfer: Transfer;
  private readonly resources = new HandleTable<Resource>();
  /** The last fence that was given out, and the last that is over. */
  private lastFence: Fence = 0;
  private lastOver: Fence = 0;
  /** Why work was lost. */
  private readonly lost = new LostWork();

  /** `undo` gives back what it stands on, and is run when it closes. */
  constructor(device: BellDevice, space: AddressSpace, queue: Queue, undo: Undo) {
    this.features = device.features;
    this.device = device;
    this.space = space;
    this.queue = queue;
    this.undo = undo;
    this.transfer = new Transfer(device, space, queue);
  }

  // ------------------------------------------------------------------------------ memory

  async createBuffer(bytes: number, placement: Placement): Promise<GpuBuffer> {
    this.queue.check();
    checkBufferSize(this.features, bytes);
    const { handle } = await this.whenRoom(() =>
      placement === 'host'
        ? addResource(
            this.resources,
            new DmaBuffer(this.device.port, this.space, bytes, 'both'),
            bytes,
          )
        : this.addBlock(this.block(bytes), bytes),
    );
    return { handle, bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    this.queue.check();
    checkImageSize(this.features, width, height);
    const stride = width * 4;
    const { handle } = await this.whenRoom(() => {
      const block = this.block(stride * height);
      return this.addBlock(block, stride * height, { width, height, stride, page: block.page });
    });
    return { handle, width, height, stride };
  }

  private block(bytes: number): VramBlock {
    return new VramBlock(this.device.vram, this.space, bytes);
  }

  /** A resource in VRAM, which still holds what its last owner left there: it is cleared first. */
  private addBlock(block: VramBlock, bytes: number, picture?: Picture): Resource {
    const resource = addResource(this.resources, block, bytes, picture);
    if (block.pages === 1) {
      this.device.aperture.writeBlock(block.offset, ZERO_PAGE);
    } else {
      resource.lastUse = this.queue.submit(
        () => clearPages(block.va, block.pages),
        (error) => {
          if (error !== undefined) {
            this.queue.report(error);
          }
        },
      ).sequence;
    }
    return resource;
  }

  /** Tries again while memory of destroyed resources comes back. @throws GpuError `out-of-memory` */
  private async whenRoom(make: () => Resource): Promise<Resource> {
    for (;;) {
      const { pending } = this.queue;
      try {
        return make();
      } catch (error) {
        if (pending === 0 || !(error instanceof GpuError) || error.code !== 'out-of-memory') {
          throw error;
        }
      }
      await this.queue.until(() => this.queue.pending < pending, 'resource');
    }
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.queue.check();
    const resource = this.resources.find(handle);
    this.resources.remove(resource);
    this.queue.whenOver(resource.lastUse, () => {
      this.free(resource);
    });
  }

  private free({ memory, picture }: Resource): void {
    if (picture !== undefined) {
      this.device.scanout.forget(picture.page);
    }
    memory.free();
  }

  // ------------------------------------------------------------------------------ bytes

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.queue.check();
    const resource = this.resources.within(handle, offset, bytes.length);
    await this.transfer.write(resource, offset, bytes);
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    this.queue.check();
    const resource = this.resources.within(handle, offset, into.length);
    await this.transfer.read(resource, offset, into);
  }

  // ------------------------------------------------------------------------------ work

  async submit(commands: CommandBuffer): Promise<Fence> {
    this.queue.check();
    const { packets, used } = this.resolve(commands);
    const fence = ++this.lastFence;
    const entry = this.queue.submit(
      () => packets,
      (error) => {
        this.lastOver = fence;
        if (error !== undefined) {
          this.lost.record(fence, error);
        }
      },
    );
    for (const resource of used) {
      resource.lastUse = entry.sequence;
    }
    await this.queue.untilBegun(entry);
    if (entry.error !== undefined && entry.job === undefined) {
      throw entry.error; // there was no room for it, ever
    }
    return fence;
  }

  /** Packets of a command stream, and what they touch. @throws GpuError */
  private resolve(commands: CommandBuffer): { packets: Uint32Array; used: Set<Resource> } {
    const used = new Set<Resource>();
    const packets = resolveResources(
      commands,
      this.resources,
      ({ memory }) => memory.va,
      (resource) => used.add(resource),
    );
    return { packets, used };
  }

  async wait(fence: Fence): Promise<void> {
    this.queue.check();
    checkFence(fence, this.lastFence);
    await this.queue.until(() => this.lastOver >= fence, 'dependency');
    const error = this.lost.errorOf(fence);
    if (error !== undefined) {
      throw error;
    }
  }

  async present({ handle }: GpuImage): Promise<void> {
    this.queue.check();
    const resource = this.resources.find(handle);
    const { picture } = resource;
    if (picture === undefined) {
      notAnImage(handle);
    }
    await this.transfer.byCpu(resource, () => {
      this.device.scanout.show(picture);
    });
  }

  // ------------------------------------------------------------------------------ the end

  async close(): Promise<void> {
    await this.queue.until(() => this.queue.idle, 'dependency');
    this.undo.run();
  }

  /** Gives all resources back. The channel has stopped. */
  freeAll(): void {
    for (const resource of this.resources.all()) {
      this.resources.remove(resource);
      this.free(resource);
    }
  }
}
