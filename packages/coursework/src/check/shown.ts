/** A screen that keeps all that it was shown. */
import type { Display } from '@doorbell/abi';
import type { Picture } from '@doorbell/lab';

export class Shown implements Display {
  /** Oldest first. */
  readonly pictures: Picture[] = [];

  flip(pixels: Uint8Array, width: number, height: number, stride: number): void {
    const rows = new Uint8Array(width * height * 4);
    for (let y = 0; y < height; y++) {
      rows.set(pixels.subarray(y * stride, y * stride + width * 4), y * width * 4);
    }
    this.pictures.push({ width, height, pixels: rows });
  }
}
