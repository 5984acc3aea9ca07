/** What a scene is made of: its name, and the user's own model and texture. */
import { readFileSync } from 'node:fs';
import { decodePng, loadModel, scenes, type Mesh, type Picture, type Scene } from '@doorbell/lab';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

/** @throws Failure */
export function findScene(name: string): Scene {
  const scene = scenes.get(name);
  if (scene === undefined) {
    const known = [...scenes.keys()].join(', ');
    throw new Failure(exitCodes.BAD_INPUT, `There is no scene '${name}'; there is ${known}.`);
  }
  return scene;
}

function readInput(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileFailure(error, 'read', path);
  }
}

/** @throws Failure, InputError */
export async function readModel(path: string): Promise<Mesh> {
  return loadModel(path, readInput(path));
}

/** @throws Failure, InputError */
export function readTexture(path: string): Picture {
  return decodePng(path, readInput(path));
}
