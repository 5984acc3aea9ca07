/**
 * What varies over a triangle, as planes over the screen: a value at one corner, and what it
 * gains per pixel to the right and down. Planes are numbered like a slot's fields.
 */
import { slotLayout } from './slot.ts';
import type { VertexStage } from './vertex.ts';

const { Q, LENGTH } = slotLayout;

/**
 * A triangle whose bounding box is more than this many times its area is far thinner than a
 * pixel, and its gains would be mostly rounding error: values vary along its longer axis only.
 */
const THIN = 2 ** 16;
/** A corner is at most this many times as far as the nearest: what is beyond spans less than a pixel. */
const DEEPEST = 2 ** 16;

export class Planes {
  /** Per plane: its value at the origin, its gain to the right, its gain down. */
  readonly base = new Float64Array(LENGTH);
  readonly right = new Float64Array(LENGTH);
  readonly down = new Float64Array(LENGTH);
  /** A corner, in 1/256 pixel, so that nothing is extrapolated. */
  originX = 0;
  originY = 0;
  private readonly stage: VertexStage;
  /** Where in the stage's values the corners begin, the origin's first. */
  private readonly corners = new Int32Array(3);
  /** How gains follow from what the second and third corner have more than the first. */
  private readonly gains = new Float64Array(4);
  /** What the corners' values are multiplied by. */
  private readonly weights = new Float64Array(3);

  constructor(stage: VertexStage) {
    this.stage = stage;
  }

  /** `area`: twice that of the triangle, in (1/256 pixel)², above 0 when its corners run clockwise. */
  begin(a: number, b: number, c: number, area: number): void {
    const { screenX, screenY } = this.stage;
    const { gains } = this;
    const x1 = screenX[b] - screenX[a];
    const y1 = screenY[b] - screenY[a];
    const x2 = screenX[c] - screenX[a];
    const y2 = screenY[c] - screenY[a];
    const width = Math.max(0, x1, x2) - Math.min(0, x1, x2);
    const height = Math.max(0, y1, y2) - Math.min(0, y1, y2);
    if (width * height > Math.abs(area) * THIN) {
      this.beginThin(a, b, c, width > height);
      return;
    }
    const inverse = 256 / area;
    gains[0] = y2 * inverse;
    gains[1] = -y1 * inverse;
    gains[2] = -x2 * inverse;
    gains[3] = x1 * inverse;
    this.place(a, b, c);
  }

  /** Values vary from the first to the last corner on one axis. */
  private beginThin(a: number, b: number, c: number, wide: boolean): void {
    const axis = wide ? this.stage.screenX : this.stage.screenY;
    const [first, middle, last] = [a, b, c].sort((one, other) => axis[one] - axis[other]);
    this.gains.fill(0);
    this.gains[wide ? 1 : 3] = 256 / (axis[last] - axis[first]);
    this.place(first, middle, last);
  }

  private place(first: number, second: number, third: number): void {
    this.corners[0] = first * LENGTH;
    this.corners[1] = second * LENGTH;
    this.corners[2] = third * LENGTH;
    this.originX = this.stage.screenX[first];
    this.originY = this.stage.screenY[first];
  }

  /** What is set from here on varies evenly on the screen. */
  beScreen(): void {
    this.weights[0] = this.weights[1] = this.weights[2] = 1;
  }

  /**
   * What is set from here on is in proportion to 1 / W, which varies evenly on the screen, and
   * is to be divided by plane Q, which this sets. At the nearest corner Q is 1.
   */
  bePerspective(): void {
    const { corners, weights } = this;
    const { values } = this.stage;
    const q0 = values[corners[0] + Q];
    const q1 = values[corners[1] + Q];
    const q2 = values[corners[2] + Q];
    const largest = Math.max(q0, q1, q2);
    weights[0] = Math.max(q0 / largest, 1 / DEEPEST);
    weights[1] = Math.max(q1 / largest, 1 / DEEPEST);
    weights[2] = Math.max(q2 / largest, 1 / DEEPEST);
    this.put(Q, weights[0], weights[1], weights[2]);
  }

  /** Sets the planes from `first` to `last`. */
  set(first: number, last: number): void {
    const { corners, weights } = this;
    const { values } = this.stage;
    for (let plane = first; plane <= last; plane++) {
      if (plane !== Q) {
        this.put(
          plane,
          values[corners[0] + plane] * weights[0],
          values[corners[1] + plane] * weights[1],
          values[corners[2] + plane] * weights[2],
        );
      }
    }
  }

  private put(plane: number, first: number, second: number, third: number): void {
    const { gains } = this;
    this.base[plane] = first;
    this.right[plane] = (second - first) * gains[0] + (third - first) * gains[1];
    this.down[plane] = (second - first) * gains[2] + (third - first) * gains[3];
  }

  /** Makes p × `scale` + `offset` of what a plane in perspective says, p. */
  adjust(plane: number, scale: number, offset: number): void {
    const { base, right, down } = this;
    base[plane] = base[plane] * scale + base[Q] * offset;
    right[plane] = right[plane] * scale + right[Q] * offset;
    down[plane] = down[plane] * scale + down[Q] * offset;
  }
}
