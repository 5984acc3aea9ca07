/** What a driver has made, by the id that it chose, within its limits. */
import { type Gpu, GpuError, type GpuBuffer, type GpuImage } from '@doorbell/abi';
import type { Backing } from './backing.ts';
import type { GuestChannel } from './channel/channel.ts';
import type { Limits } from './limits.ts';
import { PIXEL_BYTES, type PixelFormat } from './pixels.ts';
import { Refusal, refuseUnless } from './refusal.ts';
import type { Turns } from './turns.ts';

interface Common {
  readonly id: number;
  /** As the driver attached it; none after it was detached. */
  backing: Backing | undefined;
  uuid: Uint8Array | undefined;
}

/** Pixels that the renderer has. */
export interface ImageResource extends Common {
  readonly kind: 'image';
  readonly host: GpuImage;
  /** As the driver has them. */
  readonly format: PixelFormat;
  /** Made by RESOURCE_CREATE_3D: it needs no backing to be shown. */
  readonly is3d: boolean;
}

export interface BufferResource extends Common {
  readonly kind: 'buffer';
  readonly host: GpuBuffer;
}

/** Memory of the driver alone. */
export interface BlobResource extends Common {
  readonly kind: 'blob';
  readonly bytes: number;
}

/** VRAM that ALLOCATE put at an address of a channel, or its doorbell page (DOORBELL_BLOB). */
export interface ChannelBlobResource extends Common {
  readonly kind: 'channel-blob';
  readonly bytes: number;
  readonly channel: GuestChannel;
  readonly va: number;
  /** The page of the shared memory region that leads to it. */
  mappedAt: number | undefined;
}

export type Resource = ImageResource | BufferResource | BlobResource | ChannelBlobResource;

/** What the renderer has. */
export function isRenderers(resource: Resource): resource is ImageResource | BufferResource {
  return resource.kind === 'image' || resource.kind === 'buffer';
}

/** Bytes of a renderer's resource, without what its rows may be padded with. */
export function hostBytes(host: GpuImage | GpuBuffer): number {
  return 'bytes' in host ? host.bytes : host.width * host.height * PIXEL_BYTES;
}

export class Resources {
  /** Bytes that the renderer keeps for the driver, and entries of its scatter lists. */
  bytes = 0;
  entries = 0;
  private readonly byId = new Map<number, Resource>();
  private readonly renderer: Gpu;
  private readonly limits: Limits;

  constructor(renderer: Gpu, limits: Limits) {
    this.renderer = renderer;
    this.limits = limits;
  }

  get count(): number {
    return this.byId.size;
  }

  /** @throws Refusal when there is none. */
  find(id: number): Resource {
    const resource = this.byId.get(id);
    refuseUnless(resource !== undefined, 'ERR_INVALID_RESOURCE_ID', `There is no resource ${id}.`);
    return resource;
  }

  /** @throws Refusal unless an id is free, and one more resource may be made. */
  checkNew(id: number): void {
    refuseUnless(
      id !== 0 && !this.byId.has(id),
      'ERR_INVALID_RESOURCE_ID',
      `Resource ${id} exists, or is "none".`,
    );
    refuseUnless(
      this.byId.size < this.limits.resources,
      'ERR_OUT_OF_MEMORY',
      `The driver has ${this.limits.resources} resources already.`,
    );
  }

  add(resource: Resource): void {
    this.byId.set(resource.id, resource);
  }

  // ------------------------------------------------------------------------------ the renderer's

  /** @throws Refusal, GpuError */
  async makeImage(width: number, height: number): Promise<GpuImage> {
    return this.reserving(width * height * PIXEL_BYTES, () =>
      this.renderer.createImage(width, height),
    );
  }

  /** @throws Refusal, GpuError */
  async makeBuffer(bytes: number): Promise<GpuBuffer> {
    return this.reserving(bytes, () => this.renderer.createBuffer(bytes, 'device'));
  }

  private async reserving<T>(bytes: number, make: () => Promise<T>): Promise<T> {
    refuseUnless(bytes > 0, 'ERR_INVALID_PARAMETER', 'A resource has no bytes.');
    refuseUnless(
      this.bytes + bytes <= this.limits.hostBytes,
      'ERR_OUT_OF_MEMORY',
      `The driver may have ${this.limits.hostBytes} bytes.`,
    );
    this.bytes += bytes;
    try {
      return await make();
    } catch (error) {
      this.bytes -= bytes;
      throw error;
    }
  }

  /** Gives a buffer or an image back to the renderer. One that the renderer has lost is gone. */
  async free(host: GpuImage | GpuBuffer): Promise<void> {
    this.bytes -= hostBytes(host);
    try {
      await this.renderer.destroy(host);
    } catch (error) {
      if (!(error instanceof GpuError)) {
        throw error;
      }
    }
  }

  // ------------------------------------------------------------------------------ backing

  /** @throws Refusal */
  attach(resource: Resource, make: () => Backing, entries: number): void {
    if (resource.backing !== undefined) {
      throw new Refusal('ERR_UNSPEC', `Resource ${resource.id} has a backing already.`);
    }
    const backing = make(); // a list that cannot be is not one too many
    refuseUnless(
      this.entries + entries <= this.limits.backingEntries,
      'ERR_OUT_OF_MEMORY',
      `The driver may have ${this.limits.backingEntries} entries of scatter lists.`,
    );
    // As in QEMU: an empty list is no backing.
    if (entries > 0) {
      resource.backing = backing;
      this.entries += entries;
    }
  }

  detach(resource: Resource): void {
    this.entries -= resource.backing?.entries ?? 0;
    resource.backing = undefined;
  }

  // ------------------------------------------------------------------------------ the end

  /** Its id means nothing from now on. */
  async remove(resource: Resource): Promise<void> {
    this.byId.delete(resource.id);
    this.detach(resource);
    if (isRenderers(resource)) {
      await this.free(resource.host);
    } else if (resource.kind === 'channel-blob') {
      resource.channel.removeBlob(resource.va);
    }
  }

  async removeAll(turns?: Turns): Promise<void> {
    for (const resource of [...this.byId.values()]) {
      await this.remove(resource);
      if (turns?.isOver === true) {
        await turns.give();
      }
    }
  }
}
