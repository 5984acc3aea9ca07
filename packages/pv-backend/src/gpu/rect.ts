/** Rectangles in pixels. Numbers below 2^53: sums of two 32-bit numbers are exact. */

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export function isWithin(r: Rect, { width, height }: Size): boolean {
  return r.x + r.width <= width && r.y + r.height <= height;
}

export function isWhole(r: Rect, { width, height }: Size): boolean {
  return r.x === 0 && r.y === 0 && r.width === width && r.height === height;
}

/** What is in both, or undefined. */
export function intersection(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}
