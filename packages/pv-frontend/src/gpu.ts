/**
 * The Gpu API on a virtio-gpu: one context, whose resources and streams the device keeps and runs.
 * What is wrong with a call is found before anything of it has an effect.
 */
import {
  BELL_CAPSET,
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
  type Placement,
  resolveResources,
} from '@doorbell/abi';
import type { Picture } from './boxes.ts';
import type { VirtioGpuDevice } from './device.ts';
import { creationOf, destructionOf, free } from './lifetime.ts';
import { type Step, step, type Work } from './operation.ts';
import { ctxCreate, ctxDestroy, fenced, submit3d } from './requests.ts';
import { newResource, type Resource } from './resource.ts';

export class ContextGpu implements Gpu {
  readonly features: GpuFeatures;
  private readonly device: VirtioGpuDevice;
  private readonly context: number;
  private readonly closed: () => void;
  private readonly resources: HandleTable<Resource>;
  /** The last fence that was given out, and those that are not over, oldest first. */
  private lastFence: Fence = 0;
  private readonly underWay = new Set<Fence>();
  /** Why work was lost. */
  private readonly lost = new LostWork();
  private end: GpuError | undefined;

  /**
   * @param nextHandle  resource ids are the device's, whoever's context they are in.
   * @param closed  runs once it is closed.
   */
  constructor(
    device: VirtioGpuDevice,
    context: number,
    nextHandle: () => number,
    closed: () => void,
  ) {
    this.features = device.features;
    this.device = device;
    this.context = context;
    this.resources = new HandleTable(nextHandle);
    this.closed = closed;
  }

  /** Makes the context. @throws GpuError */
  async open(): Promise<void> {
    if (this.device.is3d) {
      const steps = [step(() => ctxCreate(this.context, BELL_CAPSET, 'doorbell'))];
      const work = { steps: () => steps, brings: this, again: true };
      await this.device.finish(work, 'dependency');
    }
  }

  /** @throws GpuError of an earlier call that nobody waited for, or that there is no more to be had. */
  private check(): void {
    if (this.end !== undefined) {
      throw this.end;
    }
    this.device.check();
  }

  // ------------------------------------------------------------------------------ memory

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

  private async create(bytes: number, picture: Picture | undefined): Promise<Resource> {
    const { device, context } = this;
    const resource = this.resources.add((handle) => newResource(handle, context, bytes, picture));
    try {
      await device.finish(creationOf(resource, device.is3d), 'resource');
    } catch (error) {
      this.resources.remove(resource);
      throw error;
    }
    return resource;
  }

  async destroy({ handle }: GpuBuffer | GpuImage): Promise<void> {
    this.check();
    const resource = this.resources.find(handle);
    this.resources.remove(resource);
    await this.device.begin(this.destruction(resource));
  }

  private destruction(resource: Resource): Work {
    return destructionOf(resource, this.device.is3d, this.device.scanout);
  }

  // ------------------------------------------------------------------------------ bytes

  async write({ handle }: GpuBuffer | GpuImage, offset: number, bytes: Uint8Array): Promise<void> {
    this.check();
    const resource = this.resources.within(handle, offset, bytes.length);
    if (bytes.length === 0) {
      return;
    }
    // What may be done again must not change meanwhile.
    const kept = this.device.order.journal === undefined ? bytes : bytes.slice();
    await this.device.begin({
      steps: () => this.device.transfer.write(resource, offset, kept),
      writes: { resource, offset, bytes: kept },
      again: true,
    });
  }

  async read({ handle }: GpuBuffer | GpuImage, offset: number, into: Uint8Array): Promise<void> {
    this.check();
    const resource = this.resources.within(handle, offset, into.length);
    if (into.length === 0) {
      return;
    }
    const steps = (): Step[] => this.device.transfer.read(resource, offset, into);
    await this.device.finish({ steps, again: false }, 'data');
  }

  // ------------------------------------------------------------------------------ work

  async submit(commands: CommandBuffer): Promise<Fence> {
    this.check();
    const written = this.checkStream(commands);
    const { words } = commands;
    const own = this.device.order.journal === undefined ? words : words.slice();
    const stream = new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
    const fence = ++this.lastFence;
    this.underWay.add(fence);
    await this.device.submit({
      steps: () => [step(() => fenced(submit3d(this.context, stream)))],
      ended: (error) => {
        this.underWay.delete(fence);
        if (error !== undefined) {
          this.lost.record(fence, error);
        }
      },
      stream: { bytes: stream.length, written },
      again: true,
    });
    return fence;
  }

  /** What a stream writes. @throws GpuError when it means nothing, or reaches what is not there. */
  private checkStream(commands: CommandBuffer): Set<Resource> {
    if (!this.device.is3d) {
      throw new GpuError('bad-command', 'virtio-gpu: the device runs no command streams.');
    }
    const written = new Set<Resource>();
    resolveResources(
      commands,
      this.resources,
      () => 0,
      (resource, writes) => {
        if (writes) {
          written.add(resource);
        }
      },
    );
    return written;
  }

  async wait(fence: Fence): Promise<void> {
    this.check();
    checkFence(fence, this.lastFence);
    await this.device.until(() => this.isOver(fence), 'dependency');
    const error = this.lost.errorOf(fence);
    if (error !== undefined) {
      throw error;
    }
  }

  /** Whether all work up to a fence is over: the oldest that is not tells. */
  private isOver(fence: Fence): boolean {
    for (const oldest of this.underWay) {
      return oldest > fence;
    }
    return true;
  }

  async present({ handle }: GpuImage): Promise<void> {
    this.check();
    const resource = this.resources.find(handle);
    const { picture } = resource;
    if (picture === undefined) {
      notAnImage(handle);
    }
    const { width, height } = picture;
    await this.device.begin({
      steps: () => this.device.scanout.show(resource, { x: 0, y: 0, width, height }),
      again: false,
    });
  }

  // ------------------------------------------------------------------------------ the end

  async close(): Promise<void> {
    if (this.end !== undefined) {
      return;
    }
    this.end = new GpuError('lost', 'virtio-gpu: the Gpu is closed.');
    const resources = [...this.resources.all()];
    const leave = this.device.is3d ? [step(() => ctxDestroy(this.context))] : [];
    const destroyed = resources.map((resource) =>
      this.device.order.add(this.destruction(resource)),
    );
    const left = this.device.order.add({ steps: () => leave, takes: this, again: true });
    const last = [left, ...destroyed];
    const idle = (): boolean => this.underWay.size === 0 && last.every(({ over }) => over);
    try {
      await this.device.until(idle, 'dependency');
    } finally {
      this.freeAll();
      this.closed();
    }
  }

  /** Gives all backings back. The device has none of them any more. */
  freeAll(): void {
    for (const resource of this.resources.all()) {
      resource.moving = [];
      this.resources.remove(resource);
      free(resource);
    }
  }
}
