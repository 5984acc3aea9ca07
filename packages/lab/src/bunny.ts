// eslint-disable-next-line @typescript-eslint/triple-slash-reference -- whoever compiles this file from elsewhere has to find the declaration
/// <reference path="./bunny-package.d.ts" />
/** The Stanford bunny, from the npm package `bunny`: 1,839 vertices, 3,674 triangles, closed. */
import type { Mesh } from './mesh.ts';
import { finishMesh } from './raw-mesh.ts';

/** The terms are those of https://graphics.stanford.edu/data/3Dscanrep/; the package is in the public domain. */
export const BUNNY_CREDIT =
  'The Stanford bunny is from the Stanford 3D Scanning Repository (Stanford Computer Graphics Laboratory): ' +
  'free to use for research, to redistribute, and to show with this credit; not for commercial purposes without permission.';

/** A bunny has no edges. */
const ALL_SMOOTH = -1;

let mesh: Promise<Mesh> | undefined;

/** Made once, and read when it is first asked for: it is a tenth of what a page would load at its start. */
export function bunnyMesh(): Promise<Mesh> {
  mesh ??= readBunny();
  return mesh;
}

async function readBunny(): Promise<Mesh> {
  const { cells, positions } = await import('bunny');
  const raw = {
    positions: Float32Array.from(positions.flat()),
    indices: Uint32Array.from(cells.flat()),
  };
  return finishMesh('The bunny', raw, ALL_SMOOTH);
}
