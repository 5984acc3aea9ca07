/** A ring as an arc: from where to where on a circle, as a path of SVG. */

export interface Circle {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

/** From 0 at the top clockwise to 1 at the top again. */
export function pointAt({ x, y, radius }: Circle, part: number): readonly [number, number] {
  const angle = part * 2 * Math.PI;
  return [x + radius * Math.sin(angle), y - radius * Math.cos(angle)];
}

/** The part of the ring that holds something; never so short that it cannot be seen. '' when it holds nothing. */
export function arcPath(circle: Circle, from: number, to: number): string {
  const length = (to - from + 1) % 1;
  if (length === 0) {
    return '';
  }
  const seen = Math.max(length, 0.012);
  const [x0, y0] = pointAt(circle, from);
  const [x1, y1] = pointAt(circle, from + seen);
  const { radius } = circle;
  return `M ${round(x0)} ${round(y0)} A ${radius} ${radius} 0 ${seen > 0.5 ? 1 : 0} 1 ${round(x1)} ${round(y1)}`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
