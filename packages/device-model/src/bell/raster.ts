/**
 * From a triangle on the screen to its pixels: rows from the top, and in each row the pixels
 * between two edges. A pixel is covered when its centre lies in the triangle; edge.ts says who
 * owns a centre on an edge.
 */
import { drawFlags } from '@doorbell/abi';
import { type Bounds, noBounds } from './bounds.ts';
import { Edge, firstCentre } from './edge.ts';
import { Planes } from './plane.ts';
import { Shader } from './shade.ts';
import type { Surface } from './surface.ts';
import type { VertexStage } from './vertex.ts';

/** To begin a row of a triangle takes as long as this many pixels, also where it covers none. */
export const ROW_PIXELS = 4;

export class Rasterizer {
  readonly shader: Shader;
  /** Where pixels may be drawn: within the target. */
  readonly bounds: Bounds = noBounds();
  private readonly stage: VertexStage;
  private readonly planes: Planes;
  /** From the highest corner to the lowest, and from either to the one between. */
  private readonly long = new Edge();
  private readonly short = new Edge();
  private cull = false;
  /** Pixels covered since `begin`, and rows begun, which are work too, also without a pixel. */
  pixels = 0;
  rows = 0;
  /** What the present triangle took, in the time of a pixel, and with how much it ends. */
  private spent = 0;
  private most = 0;

  constructor(stage: VertexStage) {
    this.stage = stage;
    this.planes = new Planes(stage);
    this.shader = new Shader(stage, this.planes);
  }

  /** `flags` as `drawFlags` has it. */
  begin(target: Surface, depth: Surface | undefined, flags: number): void {
    this.cull = (flags & drawFlags.CULL_BACK) !== 0;
    this.shader.beginDraw(target, depth, flags);
    this.pixels = 0;
    this.rows = 0;
  }

  /**
   * Draws the triangle in slots `a`, `b`, `c` and gives what it took, in the time of a pixel.
   * It ends after the row in which that becomes more than `most`.
   */
  triangle(a: number, b: number, c: number, most: number): number {
    const { screenX, screenY } = this.stage;
    // With y down, this is above 0 when the corners run clockwise as one sees them.
    const area =
      (screenX[b] - screenX[a]) * (screenY[c] - screenY[a]) -
      (screenX[c] - screenX[a]) * (screenY[b] - screenY[a]);
    if (area === 0 || (area > 0 && this.cull) || this.misses(a, b, c)) {
      return 0;
    }
    this.planes.begin(a, b, c, area);
    this.shader.begin(a, b, c);
    this.spent = 0;
    this.most = most;
    this.scan(a, b, c, area > 0);
    return this.spent;
  }

  /** Whether no pixel that may be drawn has its centre in the triangle's bounding box. */
  private misses(a: number, b: number, c: number): boolean {
    const { bounds } = this;
    const { screenX, screenY } = this.stage;
    const left = firstCentre(Math.min(screenX[a], screenX[b], screenX[c]));
    const right = firstCentre(Math.max(screenX[a], screenX[b], screenX[c]));
    const top = firstCentre(Math.min(screenY[a], screenY[b], screenY[c]));
    const bottom = firstCentre(Math.max(screenY[a], screenY[b], screenY[c]));
    return (
      Math.max(left, bounds.left) >= Math.min(right, bounds.right) ||
      Math.max(top, bounds.top) >= Math.min(bottom, bounds.bottom)
    );
  }

  /** Turns the corners until the first is the highest, then goes down from it. */
  private scan(a: number, b: number, c: number, clockwise: boolean): void {
    const { screenY } = this.stage;
    if (screenY[a] <= screenY[b] && screenY[a] <= screenY[c]) {
      this.descend(a, b, c, clockwise);
    } else if (screenY[b] <= screenY[c]) {
      this.descend(b, c, a, clockwise);
    } else {
      this.descend(c, a, b, clockwise);
    }
  }

  /**
   * Draws the rows above and below the corner between the highest and the lowest. Clockwise,
   * the edge from `top` to `next` is on the right.
   */
  private descend(top: number, next: number, last: number, clockwise: boolean): void {
    const { screenX, screenY } = this.stage;
    const nextIsLow = screenY[next] > screenY[last];
    const low = nextIsLow ? next : last;
    const middle = nextIsLow ? last : next;
    const begin = Math.max(firstCentre(screenY[top]), this.bounds.top);
    const end = Math.min(firstCentre(screenY[low]), this.bounds.bottom);
    const turn = Math.max(begin, Math.min(firstCentre(screenY[middle]), end));
    const longIsRight = nextIsLow === clockwise;
    const left = longIsRight ? this.short : this.long;
    const right = longIsRight ? this.long : this.short;
    this.long.start(screenX[top], screenY[top], screenX[low], screenY[low], begin);
    if (begin < turn) {
      this.short.start(screenX[top], screenY[top], screenX[middle], screenY[middle], begin);
      this.span(left, right, begin, turn);
    }
    if (turn < end) {
      this.short.start(screenX[middle], screenY[middle], screenX[low], screenY[low], turn);
      this.span(left, right, turn, end);
    }
  }

  private span(left: Edge, right: Edge, begin: number, end: number): void {
    const { bounds } = this;
    for (let y = begin; y < end && this.spent <= this.most; y++) {
      this.rows++;
      this.spent += ROW_PIXELS;
      const from = Math.max(left.pixel, bounds.left);
      const to = Math.min(right.pixel, bounds.right);
      if (from < to) {
        this.pixels += to - from;
        this.spent += to - from;
        this.shader.row(y, from, to);
      }
      left.next();
      right.next();
    }
  }
}
