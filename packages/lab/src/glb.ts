/** Binary glTF 2.0 (GLB) to a mesh: all triangles of its scene in one. */
import { type GLTF, Logger, WebIO } from '@gltf-transform/core';
import { GlbTriangles } from './glb-triangles.ts';
import { InputError, reasonOf } from './input-error.ts';
import { identity, type Matrix, multiply } from './math.ts';
import type { RawMesh } from './mesh.ts';

/** @throws InputError; `name` is for its message. */
export async function parseGlb(name: string, bytes: Uint8Array): Promise<RawMesh> {
  try {
    return await gather(name, bytes);
  } catch (error) {
    if (error instanceof InputError) {
      throw error;
    }
    throw new InputError(`${name} is not a sound GLB file: ${reasonOf(error)}.`);
  }
}

async function gather(name: string, bytes: Uint8Array): Promise<RawMesh> {
  const io = new WebIO().setLogger(new Logger(Logger.Verbosity.SILENT));
  // A copy starts at a multiple of 4, which the reader relies on.
  const file = await io.binaryToJSON(new Uint8Array(bytes));
  allowExtensions(name, file.json);
  const meshes = (await io.readJSON(file)).getRoot().listMeshes();
  const triangles = new GlbTriangles(name);
  for (const { mesh, matrix } of placedMeshes(name, file.json)) {
    for (const primitive of meshes[mesh]?.listPrimitives() ?? []) {
      triangles.append(primitive, matrix);
    }
  }
  return triangles.finish();
}

/** The reader knows no extensions. Of those that files require, only compression hides the triangles. */
function allowExtensions(name: string, json: GLTF.IGLTF): void {
  const required = json.extensionsRequired ?? [];
  const compression = required.find((extension) => /draco|meshopt|compression/i.test(extension));
  if (compression !== undefined) {
    throw new InputError(
      `${name} needs the extension ${compression}; save it without compression.`,
    );
  }
  json.extensionsRequired = [];
}

interface Placed {
  readonly mesh: number;
  readonly matrix: Matrix;
}

/** The meshes of the default scene with their nodes' transforms; without a scene, of all root nodes. */
function placedMeshes(name: string, json: GLTF.IGLTF): Placed[] {
  const nodes = json.nodes ?? [];
  const placed: Placed[] = [];
  const seen = new Set<number>();
  // A stack, not recursion: a chain of nodes may be long.
  const open = rootsOf(json).map((node) => ({ node, parent: identity }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = nodes[next.node];
    if (node === undefined || seen.has(next.node)) {
      throw new InputError(`${name} is not a sound GLB file: its nodes are not a tree.`);
    }
    seen.add(next.node);
    const matrix = multiply(next.parent, localMatrix(node));
    if (node.mesh !== undefined) {
      placed.push({ mesh: node.mesh, matrix });
    }
    open.push(...(node.children ?? []).map((child) => ({ node: child, parent: matrix })));
  }
  return placed;
}

function rootsOf({ scene, scenes, nodes = [] }: GLTF.IGLTF): readonly number[] {
  const shown = scenes?.[scene ?? 0];
  if (shown !== undefined) {
    return shown.nodes ?? [];
  }
  const children = new Set(nodes.flatMap((node) => node.children ?? []));
  return [...nodes.keys()].filter((node) => !children.has(node));
}

/** glTF 2.0 §5.25: a matrix, or translation × rotation (a unit quaternion) × scale. */
function localMatrix({ matrix, translation, rotation, scale }: GLTF.INode): Matrix {
  if (matrix !== undefined) {
    return matrix;
  }
  const [x, y, z, w] = rotation ?? [0, 0, 0, 1];
  const [sx, sy, sz] = scale ?? [1, 1, 1];
  const [tx, ty, tz] = translation ?? [0, 0, 0];
  return [
    ...[(1 - 2 * (y * y + z * z)) * sx, 2 * (x * y + w * z) * sx, 2 * (x * z - w * y) * sx, 0],
    ...[2 * (x * y - w * z) * sy, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z + w * x) * sy, 0],
    ...[2 * (x * z + w * y) * sz, 2 * (y * z - w * x) * sz, (1 - 2 * (x * x + y * y)) * sz, 0],
    ...[tx, ty, tz, 1],
  ];
}
