/**
 * The Gpu API on a channel of the physical GPU: memory is asked of the host, work is submitted
 * straight to the GPU. What is wrong with a call is found before anything of it has an effect.
 */
import {
  checkBufferSize,
  checkFence,
  checkImageSize,
  type CommandBuffer,
  encodeRecord,
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
import type { Picture } from '../boxes.ts';
import type { VirtioGpuDevice } from '../device.ts';
import { Channel, type ChannelParts } from './channel.ts';
import { download, pieces, upload } from './copies.ts';
import { newMemory, type VramMemory } from './memory.ts';
import type { Entry } from './queue.ts';
import { Screen } from './screen.ts';
import { isLong, LongStream, streamJob } from './streams.ts';

export interface ChannelGpuParts extends ChannelParts {
  /** Ids of resources are the device's, whoever's they are. */
  readonly nextHandle: () => number;
  /** Runs once it is closed. */
  readonly closed: () => void;
}

export class ChannelGpu implements Gpu {
  readonly features: GpuFeatures;
  private readonly device: VirtioGpuDevice;
  private readonly parts: ChannelGpuParts;
  private readonly channel: Channel;
  private readonly screen: Screen;
  private readonly resources: HandleTable<VramMemory>;
  /** The last fence that was given out, and the last that is over. */
  private lastFence: Fence = 0;
  private lastOver: Fence = 0;
  /** Why work was lost. */
  private readonly lost = new LostWork();
  private end: GpuError | undefined;

  /** @throws GpuError `out-of-memory` */
  constructor(parts: ChannelGpuParts) {
    const { device, nextHandle } = parts;
    this.features = device.features;
    this.device = device;
    this.parts = parts;
    this.channel = new Channel(parts, nextHandle());
    this.screen = new Screen(device, this.channel, (memory) => {
      this.giveBack(memory);
    });
    this.resources = new HandleTable(nextHandle);
  }

  /** @throws GpuError */
  open(): Promise<void> {
    return this.channel.open();
  }

  /** @throws GpuError of an earlier call that nobody waited for, or that there is no more to be had. */
  private check(): void {
    if (this.end !== undefined) {
      throw this.end;
    }
    this.device.check();
    this.channel.queue.check();
  }

  // ------------------------------------------------------------------------------ memory

  /** All of it is VRAM: copies to and from it do not leave the guest either. */
  async createBuffer(bytes: number, _placement: Placement): Promise<GpuBuffer> {
    this.check();
    checkBufferSize(this.features, bytes);
    const { handle } = await this.create(bytes, undefined);
    return { handle, bytes };
  }

  async createImage(width: number, height: number): Promise<GpuImage> {
    this.check();
    checkImageSize(this.features, width, height);
    const stride = width * 4;
    const { handle } = await this.create(stride * height, { width, height, stride });
    return { handle, width, height, stride };
  }

  private async create(bytes: number, picture: Picture | undefined): Promise<VramMemory> {
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const va = await this.allocate(pages);
    return this.resources.add((handle) => newMemory({ handle, bytes, va, pages, picture }));
  }

  /** Tries again while memory of destroyed resources comes back. @throws GpuError `out-of-memory` */
  private async allocate(pages: number): Promise<number> {
    const { space, host, queue } = this.channel;
    for (;;) {
      const { pending } = queue;
      const va = space.take(pages);
      try {
        await host.ask(encodeRecord('ALLOCATE', { va, pages }));
        return va;
      } catch (error) {
        space.give(va, pages);
        if (pending === 0 || !(error instanceof GpuError) || error.code !== 'out-of-memory') {
          throw error;
        }
      }
      await queue.until(() => queue.pending < pending, 'resource');
    }
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.check();
    const memory = this.resources.find(handle);
    this.resources.remove(memory);
    this.channel.queue.whenOver(memory.lastUse, () => {
      memory.isUnused = true;
      this.giveBack(memory);
    });
  }

  /** Once no work uses it, and no present. */
  private giveBack(memory: VramMemory): void {
    if (!memory.isUnused || memory.presents.size > 0) {
      return;
    }
    const { space, host, queue } = this.channel;
    this.screen.forget(memory);
    host.later(encodeRecord('UNMAP', { va: memory.va }), (error) => {
      if (error !== undefined && error.code !== 'lost') {
        queue.report(error);
      }
    });
    // The host does records in order: whatever is put there next comes behind it.
    space.give(memory.va, memory.pages);
  }

  // ------------------------------------------------------------------------------ bytes

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.check();
    const memory = this.resources.within(handle, offset, bytes.length);
    const { queue } = this.channel;
    const entries = pieces(bytes).map(({ at, part }) =>
      queue.add(
        upload(this.device.parts.memory, memory.va + offset + at, part),
        (error) => {
          if (error !== undefined) {
            queue.report(error);
          }
        },
        [memory],
      ),
    );
    used(memory, entries);
    // The bytes are the caller's again when all of them are in the area.
    for (const entry of entries) {
      await queue.untilBegun(entry);
    }
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    this.check();
    const memory = this.resources.within(handle, offset, into.length);
    const { queue } = this.channel;
    const entries = pieces(into).map(({ at, part }) =>
      queue.add(download(memory.va + offset + at, part), (error, address) => {
        if (error === undefined) {
          this.device.parts.memory.copyOut(address, part);
        }
      }),
    );
    used(memory, entries);
    for (const entry of entries) {
      await queue.untilOver(entry, 'data');
    }
  }

  // ------------------------------------------------------------------------------ work

  async submit(commands: CommandBuffer): Promise<Fence> {
    this.check();
    const touched = new Set<VramMemory>();
    const written = new Set<VramMemory>();
    const packets = resolveResources(
      commands,
      this.resources,
      ({ va }) => va,
      (memory, writes) => {
        touched.add(memory);
        if (writes) {
          written.add(memory);
        }
      },
    );
    const fence = ++this.lastFence;
    const ended = (error: GpuError | undefined): void => {
      this.lastOver = fence;
      if (error !== undefined) {
        this.lost.record(fence, error);
      }
    };
    const entry = this.addStream(packets, ended, written);
    for (const memory of touched) {
      used(memory, [entry]);
    }
    await this.channel.queue.untilBegun(entry);
    return fence;
  }

  private addStream(
    packets: Uint32Array,
    ended: (error: GpuError | undefined) => void,
    written: Set<VramMemory>,
  ): Entry {
    const { parts } = this.device;
    const { queue, host, space } = this.channel;
    if (!isLong(packets)) {
      return queue.add(streamJob(parts, packets), ended, written);
    }
    const stream = new LongStream(parts, host, space, packets);
    const entry = queue.add(
      stream.job,
      (error) => {
        if (entry.refused === undefined) {
          stream.free();
        }
        ended(error);
      },
      written,
      false,
    );
    stream.map((error) => {
      queue.settle(entry, error);
    });
    return entry;
  }

  async wait(fence: Fence): Promise<void> {
    this.check();
    checkFence(fence, this.lastFence);
    await this.channel.queue.until(() => this.lastOver >= fence, 'dependency');
    const error = this.lost.errorOf(fence);
    if (error !== undefined) {
      throw error;
    }
  }

  async present({ handle }: GpuImage): Promise<void> {
    this.check();
    const memory = this.resources.find(handle);
    if (memory.picture === undefined) {
      notAnImage(handle);
    }
    await this.screen.present(memory, memory.picture);
  }

  // ------------------------------------------------------------------------------ the end

  async close(): Promise<void> {
    if (this.end !== undefined) {
      return;
    }
    this.end = new GpuError('lost', 'virtio-gpu: the Gpu is closed.');
    const { queue } = this.channel;
    try {
      await queue.until(() => queue.idle && this.screen.idle, 'dependency', true);
      await this.channel.close(
        [...this.resources.all()].flatMap((each) => this.screen.leave(each)),
      );
    } finally {
      this.freeAll();
      this.parts.closed();
    }
  }

  /** The channel is closed, or the device was reset: RAM is given back. */
  freeAll(): void {
    this.channel.free();
  }
}

function used(memory: VramMemory, entries: readonly Entry[]): void {
  memory.lastUse = entries.at(-1)?.sequence ?? memory.lastUse;
}
