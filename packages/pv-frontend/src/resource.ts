/** Buffers and images: what the device keeps for an application, by an id that is the handle. */
import type { Backing } from './backing.ts';
import type { Picture } from './boxes.ts';

/** Bytes of the backing that the device reads or writes now. */
export interface Moving {
  readonly start: number;
  readonly end: number;
  readonly fromHost: boolean;
}

export interface Resource {
  readonly handle: number;
  /** That it belongs to. */
  readonly context: number;
  readonly bytes: number;
  /** Of an image. */
  readonly picture: Picture | undefined;
  /** RAM that the device copies from and to, once it was needed. */
  backing: Backing | undefined;
  /** Whether the device was told of it. */
  attached: boolean;
  moving: Moving[];
  /** It was destroyed: its backing is freed when nothing moves any more. */
  unused: boolean;
  /** Contents at the last checkpoint; undefined: zeros. */
  saved: Uint8Array | undefined;
}

/** Frees the backing of a resource that is destroyed, once the device has let go of it. */
export function freeUnused(resource: Resource): void {
  if (resource.unused && resource.moving.length === 0) {
    resource.backing?.free();
    resource.backing = undefined;
    resource.attached = false;
  }
}

export function newResource(
  handle: number,
  context: number,
  bytes: number,
  picture: Picture | undefined,
): Resource {
  return {
    ...{ handle, context, bytes, picture, backing: undefined, attached: false },
    ...{ moving: [], unused: false, saved: undefined },
  };
}
