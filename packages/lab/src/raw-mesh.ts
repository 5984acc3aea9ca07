/** From a mesh as a file has it to one that can be drawn. */
import { INDEX_BYTES, VERTEX_BYTES } from '@doorbell/abi';
import { InputError } from './input-error.ts';
import { type Mesh, packVertices, pickVertices, type RawMesh } from './mesh.ts';
import { creasedNormals, normalize } from './normals.ts';
import { weld } from './weld.ts';

/** The most that a model may take of the GPU's memory; the pictures need the rest. */
const MAX_MESH_BYTES = 40 << 20;

/** The cosine of 60°. */
const CREASE = 0.5;

/**
 * Checks a mesh, merges equal vertices and sees to its normals: where it has none, faces that
 * meet at more than the angle whose cosine is `crease` meet in an edge.
 * @throws InputError; `name` is for its message.
 */
export function finishMesh(name: string, raw: RawMesh, crease = CREASE): Mesh {
  check(name, raw);
  const merged = merge(raw);
  checkExtent(name, merged);
  const mesh = withUnitNormals(merged) ?? creasedNormals(merged, crease);
  checkSize(name, mesh.positions.length / 3, mesh.indices.length);
  return mesh;
}

/** @throws InputError when a model takes more than is accepted. */
export function checkSize(name: string, vertices: number, indices: number): void {
  const bytes = vertices * VERTEX_BYTES + indices * INDEX_BYTES;
  if (bytes > MAX_MESH_BYTES) {
    const mib = Math.ceil(bytes / 2 ** 20);
    throw new InputError(
      `${name} takes ${mib} MiB as vertices and indices; models of at most ${MAX_MESH_BYTES >> 20} MiB are accepted.`,
    );
  }
}

function check(name: string, { positions, normals, uvs, indices }: RawMesh): void {
  if (indices.length < 3) {
    throw new InputError(`${name} has no triangles; a model is a mesh of triangles or polygons.`);
  }
  // Early, before work that takes long on a mesh that is too large.
  checkSize(name, 0, indices.length);
  checkFinite(name, 'position', positions);
  checkFinite(name, 'normal', normals);
  checkFinite(name, 'texture coordinate', uvs);
  const count = positions.length / 3;
  const wrong = indices.find((index) => index >= count);
  if (wrong !== undefined) {
    throw new InputError(
      `${name} is damaged: a face has vertex ${wrong}, but there are only ${count}, counted from 0.`,
    );
  }
}

function checkFinite(name: string, what: string, values: Float32Array | undefined): void {
  if (values?.every(Number.isFinite) === false) {
    throw new InputError(
      `${name} is damaged: a vertex's ${what} is missing, is not a number, or is not finite.`,
    );
  }
}

/** A camera has no place to look at a point from. */
function checkExtent(name: string, { positions }: RawMesh): void {
  if (positions.every((value, at) => value === positions[at % 3])) {
    throw new InputError(`${name} has no extent: all its points are in one place.`);
  }
}

/** Loaders repeat vertices; each would be transformed again. Also drops those that no face has. */
function merge(raw: RawMesh): RawMesh {
  const same = weld(new Uint32Array(packVertices(raw).buffer), VERTEX_BYTES / 4);
  const place = new Int32Array(same.length).fill(-1);
  const kept: number[] = [];
  const indices = raw.indices.map((index) => {
    const vertex = same[index];
    if (place[vertex] < 0) {
      place[vertex] = kept.length;
      kept.push(vertex);
    }
    return place[vertex];
  });
  return { ...pickVertices(raw, kept), indices };
}

/** Undefined when the mesh has no normals, or has one without a direction. */
function withUnitNormals({ normals, ...rest }: RawMesh): Mesh | undefined {
  if (normals === undefined) {
    return undefined;
  }
  const unit = normals.slice();
  for (let at = 0; at < unit.length; at += 3) {
    if (unit[at] === 0 && unit[at + 1] === 0 && unit[at + 2] === 0) {
      return undefined;
    }
    normalize(unit, at);
  }
  return { ...rest, normals: unit };
}
