/** Buffers and images: memory that an application names by a handle. */
import type { HandleTable } from '@doorbell/abi';
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

export function addResource(
  resources: HandleTable<Resource>,
  memory: Resource['memory'],
  bytes: number,
  picture?: Picture,
): Resource {
  return resources.add((handle) => ({ handle, bytes, memory, picture, lastUse: 0 }));
}
