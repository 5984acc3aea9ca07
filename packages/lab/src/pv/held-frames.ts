/**
 * Frames of a device that may be lost at any time: each is shown when the driver knows that its
 * flush is over. Before that, the driver would ask another device for it again. Between threads a
 * frame may come later than the end of its flush: it is shown when it comes.
 */
import type { Display } from '@doorbell/abi';
import { errorCodes, Violation } from '@doorbell/wire';

/** Frames that may wait for the end of their flush, and their bytes together. */
const MOST_FRAMES = 64;
const MOST_BYTES = 256 << 20;

interface HeldFrame {
  readonly pixels: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly stride: number;
}

export class HeldFrames implements Display {
  private readonly monitor: Display;
  private readonly held: HeldFrame[] = [];
  private bytes = 0;
  /** Flushes that are over, and whose frames have not come. */
  private due = 0;

  constructor(monitor: Display) {
    this.monitor = monitor;
  }

  /** @param pixels  must not change any more. @throws Violation when the device shows too many. */
  flip(pixels: Uint8Array, width: number, height: number, stride: number): void {
    if (this.due > 0) {
      this.due--;
      this.monitor.flip(pixels, width, height, stride);
    } else {
      this.hold({ pixels, width, height, stride });
    }
  }

  private hold(frame: HeldFrame): void {
    this.held.push(frame);
    this.bytes += frame.pixels.length;
    if (this.held.length > MOST_FRAMES || this.bytes > MOST_BYTES) {
      this.drop();
      throw new Violation(errorCodes.LIMIT, 'There are too many frames whose flush is not over.');
    }
  }

  /** A flush is over: shows its frame. */
  show(): void {
    const frame = this.held.shift();
    if (frame === undefined) {
      this.due++;
    } else {
      const { pixels, width, height, stride } = frame;
      this.bytes -= pixels.length;
      this.monitor.flip(pixels, width, height, stride);
    }
  }

  /** The device was lost: another one will send anew what was not shown. */
  drop(): void {
    this.held.length = 0;
    this.bytes = 0;
    this.due = 0;
  }
}
