/** Normals for a mesh that has none: smooth over its curves, sharp over its edges. */
import { sqrt } from './math.ts';
import { type Mesh, pickVertices, type RawMesh } from './mesh.ts';
import { weld } from './weld.ts';

/** Where more faces meet than this, as in a cone's tip, all count: comparing each with each takes too long. */
const CROWD = 64;

/** Faces of a mesh: area-weighted and unit normals, and which faces meet in each place. */
interface Faces {
  readonly weighted: Float64Array;
  readonly unit: Float64Array;
  /** As `creasedNormals` has it. */
  readonly crease: number;
  /** The place of each vertex: the same for vertices with the same position. */
  readonly places: Uint32Array;
  /** The faces at place p are `list[start[p]]` to before `list[start[p + 1]]`. */
  readonly start: Uint32Array;
  readonly list: Uint32Array;
  /** The normals of places with a crowd of faces. */
  readonly crowds: Map<number, Float32Array>;
}

/**
 * A corner's normal is the mean, by area, of the faces around it that do not meet its own face
 * in an edge: at an angle whose cosine is less than `crease`. A vertex whose corners differ
 * becomes several.
 */
export function creasedNormals(mesh: RawMesh, crease: number): Mesh {
  const faces = facesOf(mesh, crease);
  const sources: number[] = [];
  const normals: number[] = [];
  const indices = new Uint32Array(mesh.indices.length);
  const head = new Int32Array(mesh.positions.length / 3).fill(-1);
  const next: number[] = [];
  const normal = new Float32Array(3);
  for (let corner = 0; corner < indices.length; corner++) {
    const vertex = mesh.indices[corner];
    cornerNormal(faces, vertex, Math.floor(corner / 3), normal);
    let made = head[vertex];
    while (made >= 0 && !matches(normals, made, normal)) {
      made = next[made];
    }
    if (made < 0) {
      made = sources.length;
      sources.push(vertex);
      normals.push(normal[0], normal[1], normal[2]);
      next.push(head[vertex]);
      head[vertex] = made;
    }
    indices[corner] = made;
  }
  return { ...pickVertices(mesh, sources), normals: Float32Array.from(normals), indices };
}

function matches(normals: readonly number[], vertex: number, normal: Float32Array): boolean {
  const at = 3 * vertex;
  return (
    normals[at] === normal[0] && normals[at + 1] === normal[1] && normals[at + 2] === normal[2]
  );
}

function facesOf({ positions, indices }: RawMesh, crease: number): Faces {
  const count = indices.length / 3;
  const weighted = new Float64Array(indices.length);
  const unit = new Float64Array(indices.length);
  for (let face = 0; face < count; face++) {
    faceNormal(positions, indices, 3 * face, weighted);
    unit.set(weighted.subarray(3 * face, 3 * face + 3), 3 * face);
    normalize(unit, 3 * face);
  }
  // Adding 0 makes -0 the same place as 0.
  const places = weld(new Uint32Array(positions.map((x) => x + 0).buffer), 3);
  return { weighted, unit, crease, crowds: new Map(), places, ...facesByPlace(places, indices) };
}

/** The cross product of two sides: its length is twice the area. */
function faceNormal(
  positions: Float32Array,
  indices: Uint32Array,
  at: number,
  into: Float64Array,
): void {
  const a = 3 * indices[at];
  const b = 3 * indices[at + 1];
  const c = 3 * indices[at + 2];
  const side = (from: number, to: number, axis: number): number =>
    positions[to + axis] - positions[from + axis];
  into[at] = side(a, b, 1) * side(a, c, 2) - side(a, b, 2) * side(a, c, 1);
  into[at + 1] = side(a, b, 2) * side(a, c, 0) - side(a, b, 0) * side(a, c, 2);
  into[at + 2] = side(a, b, 0) * side(a, c, 1) - side(a, b, 1) * side(a, c, 0);
}

/** A counting sort of the corners by place. */
function facesByPlace(places: Uint32Array, indices: Uint32Array): Pick<Faces, 'start' | 'list'> {
  const start = new Uint32Array(places.length + 1);
  for (const vertex of indices) {
    start[places[vertex] + 1]++;
  }
  for (let place = 0; place < places.length; place++) {
    start[place + 1] += start[place];
  }
  const list = new Uint32Array(indices.length);
  const end = start.slice();
  for (let corner = 0; corner < indices.length; corner++) {
    list[end[places[indices[corner]]]++] = Math.floor(corner / 3);
  }
  return { start, list };
}

function cornerNormal(faces: Faces, vertex: number, face: number, into: Float32Array): void {
  const { crowds } = faces;
  const place = faces.places[vertex];
  if (faces.start[place + 1] - faces.start[place] <= CROWD) {
    sum(faces, place, face, into);
    return;
  }
  let all = crowds.get(place);
  if (all === undefined) {
    all = new Float32Array(3);
    sum(faces, place, -1, all);
    crowds.set(place, all);
  }
  into.set(all);
}

const total = new Float64Array(3);

/** The unit sum of the faces at a place: of all, or of those that meet `own` in no edge. */
function sum(faces: Faces, place: number, own: number, into: Float32Array): void {
  const { weighted, unit, crease, start, list } = faces;
  total.fill(0);
  for (let i = start[place]; i < start[place + 1]; i++) {
    const at = 3 * list[i];
    if (own < 0 || cosine(unit, at, 3 * own) >= crease || at === 3 * own) {
      total[0] += weighted[at];
      total[1] += weighted[at + 1];
      total[2] += weighted[at + 2];
    }
  }
  normalize(total, 0);
  into.set(total);
}

function cosine(unit: Float64Array, a: number, b: number): number {
  return unit[a] * unit[b] + unit[a + 1] * unit[b + 1] + unit[a + 2] * unit[b + 2];
}

/** Gives a vector length 1. One without a direction, as of a face without an area, points up. */
export function normalize(values: Float32Array | Float64Array, at: number): void {
  const x = values[at];
  const y = values[at + 1];
  const z = values[at + 2];
  const length = sqrt(x * x + y * y + z * z);
  const valid = length > 0 && length < Infinity;
  values[at] = valid ? x / length : 0;
  values[at + 1] = valid ? y / length : 1;
  values[at + 2] = valid ? z / length : 0;
}
