/** What scanouts show, as whoever passes it on is told of it; the pixels go to the display. */
import type { PixelFormat } from './pixels.ts';
import type { Rect } from './rect.ts';

export interface ScanoutSink {
  /**
   * A scanout shows another picture from now on, whose pixels are in a format; 0 by 0: none. It is
   * seen when it is flushed.
   */
  configure(scanout: number, width: number, height: number, format: PixelFormat): void;
  /**
   * A part of the picture differs from what the display was handed last: in pixels of the scanout,
   * and within it. False: it is to be handed over later, by `VirtioGpu.refresh`.
   */
  flushed(scanout: number, part: Rect): boolean;
}
