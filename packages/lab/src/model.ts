/** A model file to a mesh. */
import { InputError } from './input-error.ts';
import type { Mesh, RawMesh } from './mesh.ts';
import { finishMesh } from './raw-mesh.ts';

type Parser = (name: string, bytes: Uint8Array) => RawMesh | Promise<RawMesh>;

/** Loaded when there is a file to parse: the libraries behind them are large. */
const parsers: Readonly<Record<string, () => Promise<Parser>>> = {
  obj: async () => (await import('./obj.ts')).parseObj,
  ply: async () => (await import('./ply.ts')).parsePly,
  glb: async () => (await import('./glb.ts')).parseGlb,
};

/** `name` is the file's name: its ending says what the bytes are. @throws InputError */
export async function loadModel(name: string, bytes: Uint8Array): Promise<Mesh> {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  const load = Object.hasOwn(parsers, ending) ? parsers[ending] : undefined;
  if (load === undefined) {
    throw new InputError(`${name} has an unknown extension; .obj, .ply and .glb are accepted.`);
  }
  if (bytes.length === 0) {
    throw new InputError(`${name} is empty; a model is a mesh of triangles or polygons.`);
  }
  const parse = await load();
  return finishMesh(name, await parse(name, bytes));
}
