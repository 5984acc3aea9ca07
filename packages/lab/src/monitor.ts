/** The monitor on bell's scanout: takes each frame as it is shown, and hashes it. */
import type { Display } from '@doorbell/abi';
import type { Hash } from './environment.ts';
import type { Picture } from './picture.ts';

export type OnShown = (frame: number, monitor: Monitor) => void;

export class Monitor implements Display {
  /** The frame that is shown; undefined before the first. */
  picture: Picture | undefined;
  frames = 0;
  private readonly hash: Hash;
  private readonly onShown: OnShown | undefined;
  private pixels = new Uint8Array(0);

  /** @param onShown  runs after each frame that is shown. */
  constructor(hash: Hash, onShown?: OnShown) {
    this.hash = hash;
    this.onShown = onShown;
  }

  flip(pixels: Uint8Array, width: number, height: number, stride: number): void {
    const row = width * 4;
    if (this.pixels.length !== row * height) {
      this.pixels = new Uint8Array(row * height);
    }
    if (stride === row) {
      this.pixels.set(pixels.subarray(0, row * height));
    } else {
      for (let y = 0; y < height; y++) {
        this.pixels.set(pixels.subarray(y * stride, y * stride + row), y * row);
      }
    }
    this.picture = { width, height, pixels: this.pixels };
    this.frames++;
    this.hash.update(this.pixels);
    this.onShown?.(this.frames - 1, this);
  }

  /** Over all frames so far. May be asked once. */
  sha256(): string {
    return this.hash.digest();
  }
}
