/**
 * Frames of a device that may be lost at any time: each is shown when the driver knows that its
 * flush is over. Before that, the driver would ask another device for it again. Between threads a
 * frame may come later than the end of its flush: it is shown when it comes.
 */
import type { Display } from '@doorbell/abi';

export class HeldFrames implements Display {
  private readonly monitor: Display;
  private readonly held: (() => void)[] = [];
  /** Flushes that are over, and whose frames have not come. */
  private due = 0;

  constructor(monitor: Display) {
    this.monitor = monitor;
  }

  /** @param pixels  must not change any more. */
  flip(pixels: Uint8Array, width: number, height: number, stride: number): void {
    if (this.due > 0) {
      this.due--;
      this.monitor.flip(pixels, width, height, stride);
    } else {
      this.held.push(() => {
        this.monitor.flip(pixels, width, height, stride);
      });
    }
  }

  /** A flush is over: shows its frame. */
  show(): void {
    const show = this.held.shift();
    if (show === undefined) {
      this.due++;
    } else {
      show();
    }
  }

  /** The device was lost: another one will send anew what was not shown. */
  drop(): void {
    this.held.length = 0;
    this.due = 0;
  }
}
