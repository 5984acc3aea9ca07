/** Rectangles of pixels on the GPU, as the commands' fields name them. */
import type { CommandArguments, Gpu, GpuBuffer, GpuImage, Reference } from '@doorbell/abi';
import type { Picture } from '../picture.ts';

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A word of a pixel, from channels of 0 to 255. */
export function rgba(r: number, g: number, b: number, a = 255): number {
  return ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

export function start(of: GpuBuffer | GpuImage): Reference {
  return { handle: of.handle, offset: 0 };
}

/** Where pixel (x, y) of an image is. */
export function pixel(image: GpuImage, x: number, y: number): Reference {
  return { handle: image.handle, offset: y * image.stride + x * 4 };
}

/** All of an image as a `fill` names it. */
export function fillOf(image: GpuImage, value: number): CommandArguments<'fill'> {
  const { stride, width, height } = image;
  return { dst: start(image), stride, width, height, value };
}

/** A rectangle of one image scaled onto a rectangle of another. */
export function blitOf(
  to: GpuImage,
  onto: Rect,
  from: GpuImage,
  of: Rect,
  how: Pick<CommandArguments<'blit'>, 'filter' | 'blend'>,
): CommandArguments<'blit'> {
  return {
    dst: pixel(to, onto.x, onto.y),
    dstStride: to.stride,
    dstWidth: onto.width,
    dstHeight: onto.height,
    src: pixel(from, of.x, of.y),
    srcStride: from.stride,
    srcWidth: of.width,
    srcHeight: of.height,
    ...how,
  };
}

/** A rectangle of one image copied to a place in another. */
export function copyOf(
  to: GpuImage,
  x: number,
  y: number,
  from: GpuImage,
  of: Rect,
): CommandArguments<'copy'> {
  return {
    dst: pixel(to, x, y),
    dstStride: to.stride,
    src: pixel(from, of.x, of.y),
    srcStride: from.stride,
    rowBytes: of.width * 4,
    rows: of.height,
  };
}

export function whole({ width, height }: GpuImage): Rect {
  return { x: 0, y: 0, width, height };
}

/** A new image with a picture's pixels. */
export async function upload(gpu: Gpu, picture: Picture): Promise<GpuImage> {
  const { width, height, pixels } = picture;
  const image = await gpu.createImage(width, height);
  const bytes = new Uint8Array(image.stride * height);
  for (let row = 0; row < height; row++) {
    bytes.set(pixels.subarray(row * width * 4, (row + 1) * width * 4), row * image.stride);
  }
  await gpu.write(image, 0, bytes);
  return image;
}
