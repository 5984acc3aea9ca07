/** Buffers and images: memory that an application names by a handle. */
import { GpuError } from '@doorbell/abi';
import type { DmaBuffer } from './dma-buffer.ts';
import type { Picture } from './scanout.ts';
import type { VramBlock } from './vram-block.ts';

export interface Resource {
  readonly handle: number;
  readonly bytes: number;
  readonly memory: VramBlock | DmaBuffer;
  /** Of an image. */
  readonly picture: Picture | undefined;
  /** Sequence number of the last entry of the queue that uses it; 0: none did. */
  lastUse: number;
}

export class Resources {
  private readonly byHandle = new Map<number, Resource>();
  private lastHandle = 0;

  /** Handles are not used again, so that a stale one is found out. */
  add(memory: Resource['memory'], bytes: number, picture?: Picture): Resource {
    const resource = { handle: ++this.lastHandle, bytes, memory, picture, lastUse: 0 };
    this.byHandle.set(resource.handle, resource);
    return resource;
  }

  /** @throws GpuError `bad-handle` */
  find(handle: number): Resource {
    const resource = this.byHandle.get(handle);
    if (resource === undefined) {
      throw new GpuError('bad-handle', `No resource has handle ${handle}, or it was destroyed.`);
    }
    return resource;
  }

  /** The resource, when `bytes` bytes at `offset` are within it. @throws GpuError `bad-handle`, `bad-range` */
  within(handle: number, offset: number, bytes: number): Resource {
    const resource = this.find(handle);
    if (!Number.isInteger(offset) || offset < 0 || offset + bytes > resource.bytes) {
      const range = `${bytes} bytes at ${offset}`;
      throw new GpuError(
        'bad-range',
        `${range} reach beyond the ${resource.bytes} of resource ${handle}.`,
      );
    }
    return resource;
  }

  /** The handle means nothing from now on. */
  remove(resource: Resource): void {
    this.byHandle.delete(resource.handle);
  }

  all(): Iterable<Resource> {
    return this.byHandle.values();
  }
}
