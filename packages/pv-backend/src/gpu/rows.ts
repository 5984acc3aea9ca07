/** Rectangles of bytes: gathered from a backing, scattered to it, and in a renderer's images. */
import type { Gpu, GpuImage } from '@doorbell/abi';
import type { IsWanted } from '../guest-memory.ts';
import type { Backing } from './backing.ts';
import { PIXEL_BYTES } from './pixels.ts';
import type { Rect } from './rect.ts';

/** Rows of bytes in a backing. */
export interface Rows {
  /** Of the first row, and bytes from row to row. */
  readonly offset: number;
  readonly stride: number;
  readonly rowBytes: number;
  readonly rows: number;
}

/** Rows that lie back to back are one. */
function joined({ offset, stride, rowBytes, rows }: Rows): Rows {
  const bytes = rowBytes * rows;
  return stride === rowBytes || rows === 1
    ? { offset, stride: bytes, rowBytes: bytes, rows: 1 }
    : { offset, stride, rowBytes, rows };
}

/** @throws Refusal before anything is moved, when the last row is beyond the backing's end. */
function checkRows(backing: Backing, { offset, stride, rowBytes, rows }: Rows): void {
  backing.check(offset + stride * (rows - 1), rowBytes);
}

/**
 * The rows, back to back. There is at least one byte.
 * @param into  has room for them all, and no more.
 * @throws Refusal
 */
export async function gather(
  backing: Backing,
  which: Rows,
  isWanted: IsWanted,
  into: Uint8Array = new Uint8Array(which.rowBytes * which.rows),
): Promise<Uint8Array> {
  checkRows(backing, which);
  const { offset, stride, rowBytes, rows } = joined(which);
  for (let row = 0; row < rows; row++) {
    const part = into.subarray(row * rowBytes, (row + 1) * rowBytes);
    await backing.fetch(offset + row * stride, part, isWanted);
  }
  return into;
}

/** @throws Refusal */
export async function scatter(
  backing: Backing,
  which: Rows,
  bytes: Uint8Array,
  isWanted: IsWanted,
): Promise<void> {
  checkRows(backing, which);
  const { offset, stride, rowBytes, rows } = joined(which);
  for (let row = 0; row < rows; row++) {
    const part = bytes.subarray(row * rowBytes, (row + 1) * rowBytes);
    await backing.store(offset + row * stride, part, isWanted);
  }
}

/** Writes pixels, back to back, to a rectangle of an image. @throws GpuError */
export async function writePixels(
  renderer: Gpu,
  image: GpuImage,
  r: Rect,
  pixels: Uint8Array,
): Promise<void> {
  const rowBytes = r.width * PIXEL_BYTES;
  const first = r.y * image.stride + r.x * PIXEL_BYTES;
  if (rowBytes === image.stride) {
    await renderer.write(image, first, pixels);
    return;
  }
  for (let row = 0; row < r.height; row++) {
    const part = pixels.subarray(row * rowBytes, (row + 1) * rowBytes);
    await renderer.write(image, first + row * image.stride, part);
  }
}

/** The pixels of a rectangle, back to back. @throws GpuError */
export async function readPixels(renderer: Gpu, image: GpuImage, r: Rect): Promise<Uint8Array> {
  const rowBytes = r.width * PIXEL_BYTES;
  const first = r.y * image.stride + r.x * PIXEL_BYTES;
  // A read waits for the renderer, however much it brings: what lies between the rows comes along.
  const span = new Uint8Array((r.height - 1) * image.stride + rowBytes);
  await renderer.read(image, first, span);
  if (rowBytes === image.stride) {
    return span;
  }
  const pixels = new Uint8Array(rowBytes * r.height);
  for (let row = 0; row < r.height; row++) {
    const at = row * image.stride;
    pixels.set(span.subarray(at, at + rowBytes), row * rowBytes);
  }
  return pixels;
}
