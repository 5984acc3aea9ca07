/** A mesh in memory: what loaders make and scenes draw. */
import { VERTEX_BYTES } from '@doorbell/abi';

/** Triangles whose corners run counter-clockwise as seen from outside. */
export interface Mesh {
  /** x, y, z of each vertex; y is up. */
  readonly positions: Float32Array;
  /** Of length 1. */
  readonly normals: Float32Array;
  /** u, v of each vertex; (0, 0) is the picture's top left corner, (1, 1) its bottom right one. */
  readonly uvs?: Float32Array | undefined;
  /** R, G, B, A of each vertex. */
  readonly colors?: Uint8Array | undefined;
  /** Three for each triangle. */
  readonly indices: Uint32Array;
}

/** A mesh as a file has it: perhaps without normals. */
export type RawMesh = Omit<Mesh, 'normals'> & { readonly normals?: Float32Array | undefined };

const WORDS = VERTEX_BYTES / 4;

/** Vertices as `draw` takes them (abi). What the mesh lacks is 0; without colours it is white. */
export function packVertices(mesh: RawMesh, colors = mesh.colors): Uint8Array {
  const { positions, normals, uvs } = mesh;
  const count = positions.length / 3;
  const bytes = new Uint8Array(count * VERTEX_BYTES);
  const floats = new Float32Array(bytes.buffer);
  for (let vertex = 0; vertex < count; vertex++) {
    const at = vertex * WORDS;
    for (let axis = 0; axis < 3; axis++) {
      floats[at + axis] = positions[3 * vertex + axis];
      floats[at + 3 + axis] = normals?.[3 * vertex + axis] ?? 0;
    }
    floats[at + 6] = uvs?.[2 * vertex] ?? 0;
    floats[at + 7] = uvs?.[2 * vertex + 1] ?? 0;
    for (let channel = 0; channel < 4; channel++) {
      bytes[4 * at + 32 + channel] = colors?.[4 * vertex + channel] ?? 255;
    }
  }
  return bytes;
}

/** The vertices with these numbers, in this order; a number may come more than once. */
export function pickVertices(mesh: RawMesh, vertices: ArrayLike<number>): Omit<RawMesh, 'indices'> {
  const { positions, normals, uvs, colors } = mesh;
  const floats = (values: Float32Array | undefined, size: number): Float32Array | undefined =>
    values && pick(values, new Float32Array(vertices.length * size), size, vertices);
  return {
    positions: pick(positions, new Float32Array(vertices.length * 3), 3, vertices),
    normals: floats(normals, 3),
    uvs: floats(uvs, 2),
    colors: colors && pick(colors, new Uint8Array(vertices.length * 4), 4, vertices),
  };
}

function pick<A extends Float32Array | Uint8Array>(
  from: A,
  into: A,
  size: number,
  vertices: ArrayLike<number>,
): A {
  for (let i = 0; i < vertices.length; i++) {
    for (let k = 0; k < size; k++) {
      into[i * size + k] = from[vertices[i] * size + k];
    }
  }
  return into;
}
