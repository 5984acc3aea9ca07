/** Pixel formats of virtio-gpu, typed in from VIRTIO 1.3 §5.7.6.8: a name tells the order of bytes. */

export interface PixelFormat {
  readonly number: number;
  /** Without its ending, _UNORM. */
  readonly name: string;
  /** Where red, green, blue and alpha are in the four bytes; alpha -1: it is opaque. */
  readonly at: readonly [red: number, green: number, blue: number, alpha: number];
}

export const pixelFormats: readonly PixelFormat[] = [
  { number: 1, name: 'B8G8R8A8', at: [2, 1, 0, 3] },
  { number: 2, name: 'B8G8R8X8', at: [2, 1, 0, -1] },
  { number: 3, name: 'A8R8G8B8', at: [1, 2, 3, 0] },
  { number: 4, name: 'X8R8G8B8', at: [1, 2, 3, -1] },
  { number: 67, name: 'R8G8B8A8', at: [0, 1, 2, 3] },
  { number: 68, name: 'X8B8G8R8', at: [3, 2, 1, -1] },
  { number: 121, name: 'A8B8G8R8', at: [3, 2, 1, 0] },
  { number: 134, name: 'R8G8B8X8', at: [0, 1, 2, -1] },
];

/** Pixels of a format as R, G, B, A. */
export function toRgba(pixels: Uint8Array, { at }: PixelFormat): Uint8Array {
  return pixels.map((_, index) => {
    const place = at[index % 4];
    return place < 0 ? 0xff : pixels[index - (index % 4) + place];
  });
}
