/** The room that a model takes as it turns about its upright axis. */
import { cos, sin, sqrt, TAU, type Vector } from '../math.ts';

/** How many bands, and points on each circle, stand for the model. */
const BANDS = 32;
const POINTS = 24;

export interface Sweep {
  /** From the middle to the base, and to the top. */
  readonly half: number;
  /** The largest distance from the axis in each of `BANDS` bands, the lowest first. */
  readonly radii: Float64Array;
}

/** The middle of a mesh moved to the origin, and its size such that it fits a sphere of radius 1. */
export function centred(positions: Float32Array): Float32Array {
  const middle = [0, 1, 2].map((axis) => {
    const [low, high] = range(positions, axis);
    return (low + high) / 2;
  });
  let square = 0;
  for (let at = 0; at < positions.length; at += 3) {
    const x = positions[at] - middle[0];
    const y = positions[at + 1] - middle[1];
    const z = positions[at + 2] - middle[2];
    square = Math.max(square, x * x + y * y + z * z);
  }
  const radius = sqrt(square) || 1;
  return positions.map((value, index) => (value - middle[index % 3]) / radius);
}

function range(positions: Float32Array, axis: number): readonly [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let at = axis; at < positions.length; at += 3) {
    low = Math.min(low, positions[at]);
    high = Math.max(high, positions[at]);
  }
  return [low, high];
}

/** Of a centred mesh. */
export function sweepOf(positions: Float32Array): Sweep {
  const half = range(positions, 1)[1];
  const radii = new Float64Array(BANDS);
  for (let at = 0; at < positions.length; at += 3) {
    const height = half > 0 ? (positions[at + 1] / half + 1) / 2 : 0;
    const band = Math.max(0, Math.min(BANDS - 1, Math.floor(height * BANDS)));
    const [x, z] = [positions[at], positions[at + 2]];
    radii[band] = Math.max(radii[band], sqrt(x * x + z * z));
  }
  return { half, radii };
}

/** Points all around the sweep. */
export function outline({ half, radii }: Sweep): Vector[] {
  const points: Vector[] = [];
  for (let band = 0; band < BANDS; band++) {
    const low = half * ((2 * band) / BANDS - 1);
    const high = half * ((2 * (band + 1)) / BANDS - 1);
    for (let point = 0; point < POINTS; point++) {
      const x = radii[band] * cos((TAU * point) / POINTS);
      const z = radii[band] * sin((TAU * point) / POINTS);
      points.push([x, low, z], [x, high, z]);
    }
  }
  return points;
}
