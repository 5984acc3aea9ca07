/**
 * Clipping of a triangle to the volume that is drawn (volume.ts), after Sutherland and Hodgman,
 * 1974. A crossing is always computed from the inside end of an edge to its outside end, and
 * against all planes in one order: so two triangles that share an edge get the same points, and
 * no gap opens between them.
 */
import { slotLayout } from './slot.ts';
import { CORNERS, type VertexStage } from './vertex.ts';
import { distance, volume } from './volume.ts';

const { X, Y, Z, W, LENGTH, CLIPPED } = slotLayout;
const { PLANES } = volume;

export class Clipper {
  /** Corners of the polygon before and after a plane. */
  private from = new Float64Array(CORNERS * CLIPPED);
  private to = new Float64Array(CORNERS * CLIPPED);
  /** How many there are in `to`. */
  private count = 0;

  /**
   * Clips the triangle in slots `a`, `b`, `c`. The corners of what is left go, projected, into
   * the stage's slots for corners. Gives their number: 0 when nothing is left.
   */
  clip(stage: VertexStage, a: number, b: number, c: number): number {
    this.count = 0;
    this.keep(stage.values, a * LENGTH);
    this.keep(stage.values, b * LENGTH);
    this.keep(stage.values, c * LENGTH);
    for (let plane = 0; plane < PLANES && this.count > 0; plane++) {
      this.against(plane);
    }
    for (let corner = 0; corner < this.count; corner++) {
      const slot = stage.corners + corner;
      for (let i = 0; i < CLIPPED; i++) {
        stage.values[slot * LENGTH + i] = this.to[corner * CLIPPED + i];
      }
      stage.project(slot);
    }
    return this.count;
  }

  private against(plane: number): void {
    const count = this.count;
    const before = this.to;
    this.to = this.from;
    this.from = before;
    this.count = 0;
    for (let corner = 0; corner < count; corner++) {
      const at = corner * CLIPPED;
      const next = ((corner + 1) % count) * CLIPPED;
      const here = this.distance(plane, at);
      const there = this.distance(plane, next);
      if (here >= 0) {
        this.keep(before, at);
      }
      if (here > 0 && there < 0) {
        this.cross(at, next, here / (here - there));
      } else if (here < 0 && there > 0) {
        this.cross(next, at, there / (there - here));
      }
    }
  }

  private distance(plane: number, at: number): number {
    const { from } = this;
    return distance(plane, from[at + X], from[at + Y], from[at + Z], from[at + W]);
  }

  private keep(values: Float64Array, at: number): void {
    const into = this.add();
    for (let i = 0; i < CLIPPED; i++) {
      this.to[into + i] = values[at + i];
    }
  }

  private cross(inside: number, outside: number, t: number): void {
    const into = this.add();
    for (let i = 0; i < CLIPPED; i++) {
      const start = this.from[inside + i];
      this.to[into + i] = start + (this.from[outside + i] - start) * t;
    }
  }

  /**
   * Room for another corner. A plane adds one at most to a convex polygon; rounding can make
   * one a hair concave, so there is room to spare, and beyond it the last corner is replaced.
   */
  private add(): number {
    this.count = Math.min(this.count + 1, CORNERS);
    return (this.count - 1) * CLIPPED;
  }
}
