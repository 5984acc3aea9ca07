/** What is behind a model: a wall and a floor without an edge between them, lit from above. */
import { sqrt } from '../math.ts';
import type { Picture } from '../picture.ts';
import { Random } from '../random.ts';
import { type Camera, floorPoint } from './camera.ts';
import type { Sweep } from './sweep.ts';

type Color = readonly [number, number, number];

const WALL_TOP: Color = [13, 20, 36];
const WALL_LOW: Color = [48, 74, 104];
const FLOOR: Color = [40, 60, 86];
const POOL: Color = [132, 158, 178];
/** The floor's light where the model keeps it off. */
const CONTACT: Color = [0.38, 0.42, 0.52];

/** Colours are worked out this many pixels apart, and mixed between: they change slowly. */
const STEP = 8;

export function backdrop(camera: Camera, sweep: Sweep, width: number, height: number): Picture {
  const columns = Math.ceil(width / STEP) + 1;
  const colors = Float64Array.from(
    Array.from({ length: columns * (Math.ceil(height / STEP) + 1) }, (_, index) => {
      const u = (2 * STEP * (index % columns)) / width - 1;
      const v = (2 * STEP * Math.floor(index / columns)) / height - 1;
      return colorAt(camera, sweep, u, v);
    }).flat(),
  );
  const pixels = new Uint8Array(width * height * 4).fill(255);
  const random = new Random(1);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const corner = (Math.floor(y / STEP) * columns + Math.floor(x / STEP)) * 3;
      // Noise of one step in size, so that slow gradients do not show as bands.
      const noise = random.unit();
      for (let channel = 0; channel < 3; channel++) {
        const color = between(colors, corner + channel, columns * 3, x % STEP, y % STEP);
        pixels[at + channel] = Math.floor(color + noise);
      }
    }
  }
  return { width, height, pixels };
}

/** The mean of four colours, weighted by how near a pixel is to each. */
function between(colors: Float64Array, at: number, row: number, x: number, y: number): number {
  const top = colors[at] * (STEP - x) + colors[at + 3] * x;
  const bottom = colors[at + row] * (STEP - x) + colors[at + row + 3] * x;
  return (top * (STEP - y) + bottom * y) / (STEP * STEP);
}

function mix(a: Color, b: Color, t: number): Color {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** From 0 at `low` to 1 at `high`, without a corner. */
function smooth(low: number, high: number, x: number): number {
  const t = Math.max(0, Math.min(1, (x - low) / (high - low)));
  return t * t * (3 - 2 * t);
}

/** At (u, v) in normalised device coordinates. */
function colorAt(camera: Camera, { half, radii }: Sweep, u: number, v: number): Color {
  const wall = mix(WALL_TOP, WALL_LOW, smooth(-1.1, 0.6, v));
  const point = floorPoint(camera.matrix, u, v, -half);
  if (point === undefined) {
    return wall;
  }
  const distance = sqrt(point[0] * point[0] + point[2] * point[2]);
  const lit = mix(FLOOR, POOL, 1 - smooth(0, 2.8, distance));
  const floor = mix(lit, wall, smooth(1, 4.2, distance));
  const base = Math.max(radii[0], radii[1], radii[2]);
  const light = mix(CONTACT, [1, 1, 1], smooth(0.5 * base, 1.25 * base, distance));
  return [floor[0] * light[0], floor[1] * light[1], floor[2] * light[2]];
}
