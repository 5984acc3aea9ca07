/** Pixels in the formats of VIRTIO 1.3 §5.7.6.8, and as the renderer has them: R, G, B, A. */
import { gpuFormats } from '@doorbell/abi';

export const PIXEL_BYTES = 4;

/** Where a format has its bytes, in bits from the word's least significant one. */
export interface PixelFormat {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
  /** Its fourth byte means nothing. */
  readonly isOpaque: boolean;
  /** The renderer has it as it is: nothing is converted. */
  readonly isKept: boolean;
}

/** A format is named by its bytes in memory. */
function formatOf(name: string): PixelFormat {
  const letters = name.replace(/[^RGBAX]/g, '').slice(0, 4);
  const shift = (letter: string): number => 8 * letters.indexOf(letter);
  const isOpaque = letters.includes('X');
  return {
    red: shift('R'),
    green: shift('G'),
    blue: shift('B'),
    alpha: shift(isOpaque ? 'X' : 'A'),
    isOpaque,
    isKept: letters === 'RGBA',
  };
}

const formats = new Map<number, PixelFormat>(
  Object.entries(gpuFormats).map(([name, number]) => [number, formatOf(name.split('_')[0])]),
);
export const rgba = formatOf('R8G8B8A8');

/** The same, for a renderer that is to have it as it is. */
export function kept(format: PixelFormat): PixelFormat {
  return { ...format, isKept: true };
}

/** Undefined: there is no such format. */
export function pixelFormat(number: number): PixelFormat | undefined {
  return formats.get(number);
}

function wordsOf(pixels: Uint8Array): Uint32Array {
  return new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / PIXEL_BYTES);
}

/** What almost every driver has. */
function isBgra({ red, blue, alpha }: PixelFormat): boolean {
  return red === 16 && blue === 0 && alpha === 24;
}

function exchangeRedAndBlue(words: Uint32Array, opaque: number): void {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    words[at] = (word & 0xff00ff00) | ((word >>> 16) & 0xff) | ((word & 0xff) << 16) | opaque;
  }
}

/** Makes R, G, B, A of pixels of a format, in place. `pixels` begins at a multiple of 4. */
export function toRgba(format: PixelFormat, pixels: Uint8Array): void {
  if (format.isKept) {
    return;
  }
  const { red, green, blue, alpha } = format;
  const words = wordsOf(pixels);
  if (isBgra(format)) {
    exchangeRedAndBlue(words, format.isOpaque ? 0xff000000 : 0);
    return;
  }
  const opaque = format.isOpaque ? 0xff : 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const a = ((word >>> alpha) & 0xff) | opaque;
    words[at] =
      ((word >>> red) & 0xff) |
      (((word >>> green) & 0xff) << 8) |
      (((word >>> blue) & 0xff) << 16) |
      (a << 24);
  }
}

/** The other way. */
export function fromRgba(format: PixelFormat, pixels: Uint8Array): void {
  if (format.isKept) {
    return;
  }
  const { red, green, blue, alpha } = format;
  const words = wordsOf(pixels);
  if (isBgra(format)) {
    exchangeRedAndBlue(words, 0);
    return;
  }
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    words[at] =
      ((word & 0xff) << red) |
      (((word >>> 8) & 0xff) << green) |
      (((word >>> 16) & 0xff) << blue) |
      ((word >>> 24) << alpha);
  }
}
