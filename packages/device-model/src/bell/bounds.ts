/** Where a draw may write: rectangles of pixels. */

/** From (left, top) to before (right, bottom). */
export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export function noBounds(): Bounds {
  return { left: 0, top: 0, right: 0, bottom: 0 };
}

/** The pixels whose centres are within a viewport, which may be turned over. */
export function boundViewport(
  bounds: Bounds,
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  bounds.left = Math.ceil(Math.min(x, x + width) - 0.5);
  bounds.top = Math.ceil(Math.min(y, y + height) - 0.5);
  bounds.right = Math.ceil(Math.max(x, x + width) - 0.5);
  bounds.bottom = Math.ceil(Math.max(y, y + height) - 0.5);
}

/** Where target, viewport and scissor meet; a NaN meets nothing. */
export function meet(
  bounds: Bounds,
  { width, height }: { readonly width: number; readonly height: number },
  viewport: Readonly<Bounds>,
  scissor: Readonly<Bounds>,
): void {
  const left = Math.max(0, viewport.left, scissor.left);
  const top = Math.max(0, viewport.top, scissor.top);
  const right = Math.min(width, viewport.right, scissor.right);
  const bottom = Math.min(height, viewport.bottom, scissor.bottom);
  const some = left < right && top < bottom;
  // `| 0`: none of them is -0, which would slow down the engine that runs this.
  bounds.left = some ? left | 0 : 0;
  bounds.top = some ? top | 0 : 0;
  bounds.right = some ? right | 0 : 0;
  bounds.bottom = some ? bottom | 0 : 0;
}
