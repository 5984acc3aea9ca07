/**
 * One edge of a triangle, walked down row by row. Coordinates are in 1/256 pixel, within
 * ±2^21, so every product is an integer that a double holds exactly and the walk never drifts.
 *
 * A pixel belongs to the triangle when its centre lies right of or on its left edge, and left
 * of its right edge: so both kinds of edge ask for the first pixel whose centre is not left of
 * the edge. Rows follow the same rule downwards. This is the top-left rule: of two triangles
 * that share an edge, exactly one owns each centre on it.
 */

/** The first row or column whose centre is at or beyond a coordinate. */
export function firstCentre(coordinate: number): number {
  return (coordinate + 127) >> 8;
}

export class Edge {
  /** In the present row, the first pixel whose centre is not left of the edge. */
  pixel = 0;
  /** The fraction that was rounded away, in units of 1/`unit` pixel. */
  private rest = 0;
  private unit = 1;
  private step = 0;
  private stepRest = 0;

  /** From (ax, ay) down to (bx, by), with ay < by, beginning in `row`. */
  start(ax: number, ay: number, bx: number, by: number, row: number): void {
    const width = bx - ax;
    const height = by - ay;
    const unit = height * 256;
    // The edge in this row is at numerator / unit pixels from the first column's centre. The
    // quotient is below 2^14 and misses an integer by 2^-30 or more, so floor sees it rightly.
    const numerator = (ax - 128) * height + width * (row * 256 + 128 - ay) + unit - 1;
    this.pixel = Math.floor(numerator / unit) | 0;
    this.rest = (numerator - this.pixel * unit) | 0;
    this.unit = unit | 0;
    this.step = Math.floor(width / height) | 0;
    this.stepRest = ((width - this.step * height) * 256) | 0;
  }

  next(): void {
    const carried = (this.rest + this.stepRest - this.unit) | 0;
    // All ones when there was nothing to carry. A branch here would be mispredicted often.
    const none = carried >> 31;
    this.rest = carried + (this.unit & none);
    this.pixel = (this.pixel + this.step + 1 + none) | 0;
  }
}
