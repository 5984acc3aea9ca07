/** The copy engine's fill and copy. What scales and blends is in blit.ts. */
import type { Surface } from './surface.ts';

/** Writes `value` to every word of a surface. */
export function fill(to: Surface, value: number): void {
  for (let row = 0; row < to.height; row++) {
    const start = to.base + row * to.stride;
    to.words.fill(value, start, start + to.width);
  }
}

/**
 * Copies rows of bytes, first row first; within a row as if through a buffer. Places and
 * strides are in bytes. Both rectangles lie within their arrays.
 */
export function copyRows(
  to: Uint8Array,
  toAt: number,
  toStride: number,
  from: Uint8Array,
  fromAt: number,
  fromStride: number,
  rowBytes: number,
  rows: number,
): void {
  for (let row = 0; row < rows; row++) {
    const source = fromAt + row * fromStride;
    if (to === from) {
      to.copyWithin(toAt + row * toStride, source, source + rowBytes);
    } else {
      to.set(from.subarray(source, source + rowBytes), toAt + row * toStride);
    }
  }
}
