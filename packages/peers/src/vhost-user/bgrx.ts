/** Pixels as the front-end wants them: B, G, R in memory, and the fourth byte as it is. */
import type { PixelFormat, Rect } from '@doorbell/pv-backend';

const PIXEL_BYTES = 4;

export const bgrx: PixelFormat = {
  ...{ red: 16, green: 8, blue: 0, alpha: 24 },
  isOpaque: false,
  isKept: true,
};

/**
 * Copies a rectangle to the same place of another picture. Widths are in pixels, from row to row.
 * @param pixels  rows up to the end of the rectangle.
 */
export function copyAsBgrx(
  format: PixelFormat,
  pixels: Uint8Array,
  width: number,
  into: Uint32Array,
  intoWidth: number,
  part: Rect,
): void {
  const words = wordsOf(pixels);
  const copyRow = rowCopy(format);
  for (let y = part.y; y < part.y + part.height; y++) {
    const row = words.subarray(y * width + part.x, y * width + part.x + part.width);
    const at = y * intoWidth + part.x;
    copyRow(row, into.subarray(at, at + part.width));
  }
}

type RowCopy = (row: Uint32Array, target: Uint32Array) => void;

function rowCopy(format: PixelFormat): RowCopy {
  const { red, green, blue, alpha } = format;
  if (alpha !== 24 || green !== 8) {
    return (row, target) => convert(format, row, target);
  }
  return red === 16 && blue === 0 ? copyPlain : exchange;
}

function copyPlain(row: Uint32Array, target: Uint32Array): void {
  target.set(row);
}

/** Of R, G, B: the bytes at both ends of three. */
function exchange(row: Uint32Array, target: Uint32Array): void {
  for (let at = 0; at < row.length; at++) {
    const word = row[at];
    target[at] = (word & 0xff00ff00) | ((word >>> 16) & 0xff) | ((word & 0xff) << 16);
  }
}

function convert(format: PixelFormat, row: Uint32Array, target: Uint32Array): void {
  const { red, green, blue, alpha } = format;
  for (let at = 0; at < row.length; at++) {
    const word = row[at];
    target[at] =
      ((word >>> blue) & 0xff) |
      (((word >>> green) & 0xff) << 8) |
      (((word >>> red) & 0xff) << 16) |
      (((word >>> alpha) & 0xff) << 24);
  }
}

function wordsOf(pixels: Uint8Array): Uint32Array {
  const aligned = pixels.byteOffset % PIXEL_BYTES === 0 ? pixels : pixels.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / PIXEL_BYTES);
}
