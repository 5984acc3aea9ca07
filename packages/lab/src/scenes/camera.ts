/** A camera that looks down a little at what turns before it, in a window of any shape. */
import {
  cos,
  lookAt,
  type Matrix,
  multiply,
  perspective,
  sin,
  scaling,
  translation,
  type Vector,
} from '../math.ts';
import type { Rect } from './surface.ts';

/** In radians. */
const ELEVATION = 0.3;
/** The tangent of half the field of view, across the window's shorter side. */
const TANGENT = 0.25;
/** The part of the window that is filled, across the side that is filled most. */
const FILL = 0.83;
/** The middle of what is seen, below the middle of the window: in half windows. */
const LOWER = 0.02;

export interface Camera {
  readonly eye: Vector;
  /** World to clip space, for the whole window. */
  readonly matrix: Matrix;
}

interface Window {
  readonly width: number;
  readonly height: number;
}

interface Bounds {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** As near as it can be with all points in view. */
export function fitCamera(points: readonly Vector[], window: Window): Camera {
  let near = 1.1;
  let far = 64;
  for (let step = 0; step < 24; step++) {
    const middle = (near + far) / 2;
    const { left, right, top, bottom } = boundsOf(points, cameraAt(middle, window).matrix);
    if (Math.max(right - left, bottom - top) > 2 * FILL) {
      near = middle;
    } else {
      far = middle;
    }
  }
  const { eye, matrix } = cameraAt(far, window);
  const { left, right, top, bottom } = boundsOf(points, matrix);
  // Moves the picture, as a lens that is shifted does, without turning the camera.
  const shift: Vector = [-(left + right) / 2, LOWER - (top + bottom) / 2, 0];
  return { eye, matrix: multiply(translation(shift), matrix) };
}

function cameraAt(distance: number, { width, height }: Window): Camera {
  const shorter = Math.min(width, height);
  const eye: Vector = [0, distance * sin(ELEVATION), distance * cos(ELEVATION)];
  const projection = perspective(
    (TANGENT * width) / shorter,
    (TANGENT * height) / shorter,
    distance - 1.05,
    distance + 4,
  );
  return { eye, matrix: multiply(projection, lookAt(eye, [0, 0, 0], [0, 1, 0])) };
}

/** In normalised device coordinates. */
function boundsOf(points: readonly Vector[], m: Matrix): Bounds {
  let left = Infinity;
  let right = -Infinity;
  let top = Infinity;
  let bottom = -Infinity;
  for (const [px, py, pz] of points) {
    const w = m[3] * px + m[7] * py + m[11] * pz + m[15];
    const x = (m[0] * px + m[4] * py + m[8] * pz + m[12]) / w;
    const y = (m[1] * px + m[5] * py + m[9] * pz + m[13]) / w;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return { left, right, top, bottom };
}

/** The pixels of the window that the points cover, with `spare` more on each side. */
export function rectOf(
  points: readonly Vector[],
  { matrix }: Camera,
  window: Window,
  spare: number,
): Rect {
  const { left, right, top, bottom } = boundsOf(points, matrix);
  const { width, height } = window;
  const within = (value: number, most: number): number => Math.max(0, Math.min(most, value));
  const x = within(Math.floor(((left + 1) / 2) * width) - spare, width - 1);
  const y = within(Math.floor(((top + 1) / 2) * height) - spare, height - 1);
  const endX = within(Math.ceil(((right + 1) / 2) * width) + spare, width);
  const endY = within(Math.ceil(((bottom + 1) / 2) * height) + spare, height);
  return { x, y, width: Math.max(1, endX - x), height: Math.max(1, endY - y) };
}

/** What turns a picture of the whole window into one of a rectangle of it. */
export function crop({ x, y, width, height }: Rect, window: Window): Matrix {
  const across = window.width / width;
  const down = window.height / height;
  return multiply(
    translation([across - 1 - (2 * x) / width, down - 1 - (2 * y) / height, 0]),
    scaling([across, down, 1]),
  );
}

/**
 * Where the line of sight at (u, v), in normalised device coordinates, meets the plane of
 * height `y`; undefined where it does not.
 */
export function floorPoint(m: Matrix, u: number, v: number, y: number): Vector | undefined {
  // x - u w = 0 and y - v w = 0 of the clip-space point: two lines in world x and z.
  const a = m[0] - u * m[3];
  const b = m[8] - u * m[11];
  const c = -(m[4] - u * m[7]) * y - (m[12] - u * m[15]);
  const d = m[1] - v * m[3];
  const e = m[9] - v * m[11];
  const f = -(m[5] - v * m[7]) * y - (m[13] - v * m[15]);
  const determinant = a * e - b * d;
  const x = (c * e - b * f) / determinant;
  const z = (a * f - c * d) / determinant;
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  return w > 0 ? [x, y, z] : undefined;
}
