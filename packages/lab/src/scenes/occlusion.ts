/** Ambient occlusion: how much of the sky each vertex of a model sees past the model and the floor. */
import { cos, sin, sqrt, TAU } from '../math.ts';
import type { Mesh } from '../mesh.ts';

/** Cells along each side of the cube from -1 to 1; the grid has one more at each end. */
const CELLS = 40;
const SIDE = CELLS + 2;
const CELL = 2 / CELLS;
/** Directions, and how many cells far each is looked. */
const DIRECTIONS = 40;
const REACH = 14;
/** The most points, about, by which all triangles are followed: a mesh may have many large ones. */
const MOST_POINTS = 1 << 23;
/** A surface passes through cells next to its own; one looks from clear of them, and not along it. */
const CLEAR = 1.6 * CELL;
const GRAZING = 0.15;

/** Evenly spread: points on a spiral that are the golden angle apart. */
const directions = Float64Array.from({ length: 3 * DIRECTIONS }, (_, at) => {
  const i = Math.floor(at / 3);
  const y = 1 - (2 * i + 1) / DIRECTIONS;
  const radius = sqrt(1 - y * y);
  const angle = i * TAU * 0.381966011250105;
  return at % 3 === 0 ? radius * cos(angle) : at % 3 === 1 ? y : radius * sin(angle);
});

/**
 * For each vertex from 0, wholly hidden, to 1, open. The mesh lies within the unit sphere and
 * stands on a floor at height `floor`.
 */
export function openness(mesh: Mesh, floor: number): Float32Array {
  const cells = occupied(mesh);
  const open = Float32Array.from({ length: mesh.positions.length / 3 }, (_, vertex) =>
    opennessAt(mesh, 3 * vertex, cells, floor),
  );
  return smoothed(smoothed(open, mesh.indices), mesh.indices);
}

/** The mean over each vertex's triangles: cells are coarse, and show as spots. */
function smoothed(values: Float32Array, indices: Uint32Array): Float32Array {
  const sums = new Float64Array(values.length);
  const counts = new Uint32Array(values.length);
  for (let at = 0; at < indices.length; at += 3) {
    const [a, b, c] = [indices[at], indices[at + 1], indices[at + 2]];
    const mean = (values[a] + values[b] + values[c]) / 3;
    for (const vertex of [a, b, c]) {
      sums[vertex] += mean;
      counts[vertex]++;
    }
  }
  return values.map((value, vertex) =>
    counts[vertex] > 0 ? sums[vertex] / counts[vertex] : value,
  );
}

function cellAt(x: number, y: number, z: number): number {
  const column = Math.floor((x + 1) / CELL) + 1;
  const row = Math.floor((y + 1) / CELL) + 1;
  const layer = Math.floor((z + 1) / CELL) + 1;
  return (layer * SIDE + row) * SIDE + column;
}

/** The cells that the triangles pass through, found by points on them half a cell apart. */
function occupied({ positions, indices }: Mesh): Uint8Array {
  const cells = new Uint8Array(SIDE * SIDE * SIDE);
  const most = Math.ceil(sqrt((6 * MOST_POINTS) / indices.length));
  for (let at = 0; at < indices.length; at += 3) {
    const a = 3 * indices[at];
    const b = 3 * indices[at + 1];
    const c = 3 * indices[at + 2];
    const wanted = Math.ceil((2 * extent(positions, a, b, c)) / CELL);
    const steps = Math.max(1, Math.min(most, wanted));
    for (let i = 0; i <= steps; i++) {
      for (let j = 0; j <= steps - i; j++) {
        const s = i / steps;
        const t = j / steps;
        const r = 1 - s - t;
        const x = positions[a] * r + positions[b] * s + positions[c] * t;
        const y = positions[a + 1] * r + positions[b + 1] * s + positions[c + 1] * t;
        const z = positions[a + 2] * r + positions[b + 2] * s + positions[c + 2] * t;
        cells[cellAt(x, y, z)] = 1;
      }
    }
  }
  return cells;
}

/** The longest side of a triangle's bounding box. */
function extent(positions: Float32Array, a: number, b: number, c: number): number {
  let most = 0;
  for (let axis = 0; axis < 3; axis++) {
    const p = positions[a + axis];
    const q = positions[b + axis];
    const r = positions[c + axis];
    most = Math.max(most, Math.max(p, q, r) - Math.min(p, q, r));
  }
  return most;
}

function opennessAt(mesh: Mesh, at: number, cells: Uint8Array, floor: number): number {
  const { positions, normals } = mesh;
  const x = positions[at] + CLEAR * normals[at];
  const y = positions[at + 1] + CLEAR * normals[at + 1];
  const z = positions[at + 2] + CLEAR * normals[at + 2];
  let seen = 0;
  let all = 0;
  for (let to = 0; to < directions.length; to += 3) {
    const weight =
      normals[at] * directions[to] +
      normals[at + 1] * directions[to + 1] +
      normals[at + 2] * directions[to + 2];
    if (weight > GRAZING) {
      seen += weight * sight(x, y, z, to, cells, floor);
      all += weight;
    }
  }
  return seen / all;
}

/** How far one sees, as a part of what counts. The floor hides by half, because it is lit. */
function sight(
  x: number,
  y: number,
  z: number,
  to: number,
  cells: Uint8Array,
  floor: number,
): number {
  const dx = directions[to] * CELL;
  const dy = directions[to + 1] * CELL;
  const dz = directions[to + 2] * CELL;
  for (let step = 0; step < REACH; step++) {
    if (Math.abs(x) >= 1 || Math.abs(y) >= 1 || Math.abs(z) >= 1) {
      return 1;
    }
    if (y < floor) {
      return (1 + step / REACH) / 2;
    }
    if (cells[cellAt(x, y, z)] !== 0) {
      return step / REACH;
    }
    x += dx;
    y += dy;
    z += dz;
  }
  return 1;
}
