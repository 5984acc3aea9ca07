/**
 * From a triangle on the screen to its pixels: rows from the top, in each row the pixels
 * between two edges, of these the runs that pass the depth test.
 */
import { drawFlags } from '@doorbell/abi';
import { Edge, firstCentre } from './edge.ts';
import { Planes } from './plane.ts';
import { Shader } from './shade.ts';
import type { Surface } from './surface.ts';
import type { VertexStage } from './vertex.ts';

/** A rectangle of pixels: from (left, top) to before (right, bottom). */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class Rasterizer {
  readonly shader: Shader;
  /** Where pixels may be drawn. */
  readonly bounds: Bounds = { left: 0, top: 0, right: 0, bottom: 0 };
  private readonly stage: VertexStage;
  private readonly planes: Planes;
  private readonly long = new Edge();
  private readonly short = new Edge();
  private cull = false;
  private pixels = 0;

  constructor(stage: VertexStage) {
    this.stage = stage;
    this.planes = new Planes(stage);
    this.shader = new Shader(stage, this.planes);
  }

  /** `flags` as `drawFlags` has it. */
  begin(target: Surface, depth: Surface | undefined, flags: number): void {
    this.cull = (flags & drawFlags.CULL_BACK) !== 0;
    this.shader.beginDraw(target, depth, flags);
  }

  /**
   * Draws the triangle in slots `a`, `b`, `c` and gives how many pixels it covers. It stops
   * after the row in which they become more than `most`.
   */
  triangle(a: number, b: number, c: number, most: number): number {
    const { screenX, screenY } = this.stage;
    const area =
      (screenX[b] - screenX[a]) * (screenY[c] - screenY[a]) -
      (screenX[c] - screenX[a]) * (screenY[b] - screenY[a]);
    if (area === 0 || (area > 0 && this.cull) || this.misses(a, b, c)) {
      return 0;
    }
    this.planes.begin(a, b, c, area);
    this.shader.begin(a, b, c);
    this.pixels = 0;
    this.sorted(a, b, c, most);
    return this.pixels;
  }

  /** Whether no centre of a pixel that may be drawn lies in the triangle's bounding box. */
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

  private sorted(a: number, b: number, c: number, most: number): void {
    const { screenX, screenY } = this.stage;
    let top = a;
    let middle = b;
    let low = c;
    if (screenY[middle] < screenY[top]) {
      [top, middle] = [middle, top];
    }
    if (screenY[low] < screenY[middle]) {
      [middle, low] = [low, middle];
    }
    if (screenY[middle] < screenY[top]) {
      [top, middle] = [middle, top];
    }
    const ax = screenX[top],
      ay = screenY[top];
    const bx = screenX[middle],
      by = screenY[middle];
    const cx = screenX[low],
      cy = screenY[low];
    const first = Math.max(firstCentre(ay), this.bounds.top);
    const last = Math.min(firstCentre(cy), this.bounds.bottom);
    const turn = Math.max(first, Math.min(firstCentre(by), last));
    if (first >= last) {
      return;
    }
    const middleIsRight = (bx - ax) * (cy - ay) > (cx - ax) * (by - ay);
    const left = middleIsRight ? this.long : this.short;
    const right = middleIsRight ? this.short : this.long;
    this.long.start(ax, ay, cx, cy, first);
    if (first < turn) {
      this.short.start(ax, ay, bx, by, first);
      this.rows(left, right, first, turn, most);
    }
    if (turn < last) {
      this.short.start(bx, by, cx, cy, turn);
      this.rows(left, right, turn, last, most);
    }
  }

  private rows(left: Edge, right: Edge, row: number, end: number, most: number): void {
    const { bounds } = this;
    for (let y = row; y < end && this.pixels <= most; y++) {
      const from = Math.max(left.pixel, bounds.left);
      const to = Math.min(right.pixel, bounds.right);
      if (from < to) {
        this.pixels += to - from;
        this.shader.row(y, from, to);
      }
      left.next();
      right.next();
    }
  }
}
