/** The pointer, as whoever shows it is told of it. */

import type { PixelFormat } from './pixels.ts';

/** Its width and height, in pixels (VIRTIO 1.3 §5.7.6.10). */
export const CURSOR_SIZE = 64;

export interface CursorPlace {
  readonly scanout: number;
  readonly x: number;
  readonly y: number;
}

export interface CursorImage {
  /** 64 rows of 64 pixels. */
  readonly pixels: Uint8Array;
  /** R, G, B, A, unless the device keeps the driver's. */
  readonly format: PixelFormat;
  /** The pixel that points. */
  readonly hotX: number;
  readonly hotY: number;
}

export interface CursorSink {
  /** Undefined: the pointer is hidden. */
  update(place: CursorPlace, image: CursorImage | undefined): void;
  move(place: CursorPlace): void;
}
