/** Buffers and images: VRAM that the host put at an address of the channel. */
import type { Picture } from '../boxes.ts';
import type { Shown } from './queue.ts';

export interface VramMemory extends Shown {
  /** Its id, as the application has it, and as the device does when it is a blob. */
  readonly handle: number;
  readonly bytes: number;
  readonly va: number;
  readonly pages: number;
  /** Of an image. */
  readonly picture: Picture | undefined;
  readonly presents: Set<number>;
  /** Sequence number of the last entry of the queue that uses it; 0: none did. */
  lastUse: number;
  /** The device knows it as a blob, which can be shown. */
  isBlob: boolean;
  /** It is destroyed, and no work uses it any more. */
  isUnused: boolean;
}

export function newMemory(
  fixed: Pick<VramMemory, 'handle' | 'bytes' | 'va' | 'pages' | 'picture'>,
): VramMemory {
  return { ...fixed, presents: new Set(), lastUse: 0, isBlob: false, isUnused: false };
}
