/**
 * The volume that is drawn, in homogeneous screen coordinates (slot.ts): what is in front of
 * the viewer, from the near to the far plane, and near enough to the screen for edges to be
 * computed exactly. The viewport's own sides cut pixels, not triangles.
 */

const GUARD = 8192;
const LEAST_W = 2 ** -64;
const PLANES = 7;
const NOT_FINITE = 1 << PLANES;

export const volume = {
  /** How far it reaches on the screen: pixels from the origin, on all four sides. */
  GUARD,
  /** The least W. It only keeps 1 / W finite: the near plane lies farther away. */
  LEAST_W,
  /** The planes that bound it. */
  PLANES,
  /** In an outcode: a coordinate is infinite or NaN. Below it is a bit for each plane. */
  NOT_FINITE,
} as const;

/** How far inside of a plane a point is, in units of the plane's own; below 0 it is outside. */
export function distance(plane: number, x: number, y: number, z: number, w: number): number {
  switch (plane) {
    case 0:
      return w - LEAST_W;
    case 1:
      return z;
    case 2:
      return w - z;
    case 3:
      return GUARD * w + x;
    case 4:
      return GUARD * w - x;
    case 5:
      return GUARD * w + y;
    default:
      return GUARD * w - y;
  }
}

/** Which planes a point is outside of: a bit for each; 0 when it is inside of all. */
export function outcode(x: number, y: number, z: number, w: number): number {
  if (x * 0 + y * 0 + z * 0 + w * 0 !== 0) {
    return NOT_FINITE;
  }
  let code = 0;
  for (let plane = 0; plane < PLANES; plane++) {
    if (distance(plane, x, y, z, w) < 0) {
      code |= 1 << plane;
    }
  }
  return code;
}
