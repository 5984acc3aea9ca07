/** Parts of a picture, in pixels. */
import type { Rect } from '@doorbell/pv-backend';

export const nowhere: Rect = { x: 0, y: 0, width: 0, height: 0 };

/** The smallest rectangle around both; one without width is nothing. */
export function union(a: Rect, b: Rect): Rect {
  if (a.width === 0 || b.width === 0) {
    return a.width === 0 ? b : a;
  }
  const x = Math.min(a.x, b.x);
  const y = Math.min(a.y, b.y);
  const width = Math.max(a.x + a.width, b.x + b.width) - x;
  const height = Math.max(a.y + a.height, b.y + b.height) - y;
  return { x, y, width, height };
}
