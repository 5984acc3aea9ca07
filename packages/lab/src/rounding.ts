/**
 * Pictures of a renderer that may round otherwise, beside those of bell's engines. WebGPU leaves
 * two things to the GPU: the bits of what is interpolated over a triangle, and how finely corners
 * are placed on the screen: to 1/16 pixel at the coarsest (Vulkan 1.3, `subPixelPrecisionBits`),
 * where bell has 1/256. So a colour may be rounded to the next level; and an edge may pass a
 * pixel's centre on the other side, where it passes it closely. Then the pixel shows what it would
 * show a pixel away.
 */
import type { Picture } from './picture.ts';

/**
 * Levels of 255 by which a channel may differ where the reference does not vary: rounding to the
 * next level. Where it varies by c within one pixel, it may differ by 2 c more: by c when the pixel
 * shows what is a pixel away, and once more when a corner that is narrower than a pixel is seen in
 * one picture alone.
 */
const MOST_LEVELS = 1;
/** A pixel beside which a channel of the reference varies by more levels than this is at an edge. */
const EDGE_LEVELS = 16;
/**
 * Of the pixels at an edge, the part that may differ by more than `EDGE_LEVELS`: an edge that moves
 * by 1/16 pixel passes the centres of a sixteenth of the pixels along it. A picture that is half a
 * pixel off changes more.
 */
const MOST_EDGES = 1 / 16;

/** The part `pixels` of a stack's report. */
export interface PixelsReport {
  /** The most levels by which a channel differs beyond twice what the reference varies within one pixel of there. */
  readonly maxDelta: number;
  /** Pixels that differ at all, of all frames. */
  readonly differing: number;
  /** What `maxDelta` may be. */
  readonly bound: number;
  /** Whether both bounds are kept, by as many frames as the reference has. */
  readonly within: boolean;
  /** Pixels at an edge, those of them that differ by more than `EDGE_LEVELS`, and the part that may. */
  readonly edges: {
    readonly pixels: number;
    readonly differing: number;
    readonly bound: number;
    /** The most levels by which a channel differs there. */
    readonly maxDelta: number;
  };
}

const CHANNELS = 4;

export class RoundingComparison {
  private sameSize = true;
  private differing = 0;
  private maxDelta = 0;
  private edgePixels = 0;
  private edgesDiffering = 0;
  private maxEdgeDelta = 0;

  /** A frame, and the same one of the reference. Gives whether bounds are kept so far. */
  add(reference: Picture, seen: Picture): boolean {
    if (reference.width !== seen.width || reference.height !== seen.height) {
      this.sameSize = false;
      return false;
    }
    for (let y = 0; y < reference.height; y++) {
      for (let x = 0; x < reference.width; x++) {
        this.pixel(reference, seen, x, y);
      }
    }
    return this.keepsBounds;
  }

  private pixel(reference: Picture, seen: Picture, x: number, y: number): void {
    const at = (y * reference.width + x) * CHANNELS;
    let most = 0;
    let contrast = 0;
    for (let channel = at; channel < at + CHANNELS; channel++) {
      const delta = Math.abs(seen.pixels[channel] - reference.pixels[channel]);
      most = Math.max(most, delta);
      contrast = Math.max(contrast, variation(reference, x, y, channel - at));
    }
    this.maxDelta = Math.max(this.maxDelta, most - 2 * contrast);
    this.differing += most > 0 ? 1 : 0;
    if (contrast > EDGE_LEVELS) {
      this.edgePixels++;
      this.edgesDiffering += most > EDGE_LEVELS ? 1 : 0;
      this.maxEdgeDelta = Math.max(this.maxEdgeDelta, most);
    }
  }

  private get keepsBounds(): boolean {
    const { sameSize, maxDelta, edgesDiffering, edgePixels } = this;
    return sameSize && maxDelta <= MOST_LEVELS && edgesDiffering <= edgePixels * MOST_EDGES;
  }

  /** @param isComplete  whether there were as many frames as the reference has. */
  report(isComplete: boolean): PixelsReport {
    return {
      ...{ maxDelta: this.maxDelta, differing: this.differing, bound: MOST_LEVELS },
      within: this.keepsBounds && isComplete,
      edges: {
        ...{ pixels: this.edgePixels, differing: this.edgesDiffering },
        ...{ bound: MOST_EDGES, maxDelta: this.maxEdgeDelta },
      },
    };
  }
}

/** How much a channel varies within one pixel of a place. */
function variation(
  { width, height, pixels }: Picture,
  x: number,
  y: number,
  channel: number,
): number {
  let least = 255;
  let most = 0;
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++) {
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++) {
      const value = pixels[(row * width + column) * CHANNELS + channel];
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  return most - least;
}
