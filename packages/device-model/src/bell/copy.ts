/** The copy engine's plain half: fill and copy. Scaling and blending are in blit.ts. */
import type { Surface } from './surface.ts';

/** Writes `value` to every word of a surface. */
export function fill(to: Surface, value: number): void {
  for (let row = 0; row < to.height; row++) {
    const start = to.base + row * to.stride;
    to.words.fill(value, start, start + to.width);
  }
}

/**
 * Copies rows of bytes, first row first; within a row as if through a buffer. `At` and `Stride`
 * are in bytes. Both rectangles lie within their arrays.
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
    to.set(from.subarray(source, source + rowBytes), toAt + row * toStride);
  }
}
