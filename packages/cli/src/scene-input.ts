/** What a scene is made of: its name, and the user's own model and texture. */
import { readFileSync } from 'node:fs';
import { decodePng, loadModel, scenes, type Mesh, type Picture, type Scene } from '@doorbell/lab';
import { exitCodes } from './exit-code.ts';
import { Failure, fileFailure } from './failure.ts';

export { findScene } from '@doorbell/lab';

function readInput(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw fileFailure(error, 'read', path);
  }
}

export interface InputPaths {
  readonly model?: string | undefined;
  readonly texture?: string | undefined;
}

export interface Inputs {
  readonly model?: Mesh;
  readonly texture?: Picture;
}

/** The user's own model and texture. @throws Failure, InputError; also for what would not be seen. */
export async function readInputs(scene: Scene, { model, texture }: InputPaths): Promise<Inputs> {
  checkTaken(scene, 'model', model);
  checkTaken(scene, 'texture', texture);
  const inputs: Inputs = {
    ...(model === undefined ? {} : { model: await loadModel(model, readInput(model)) }),
    ...(texture === undefined ? {} : { texture: decodePng(texture, readInput(texture)) }),
  };
  if (texture !== undefined && takes(scene, 'model') && inputs.model?.uvs === undefined) {
    throw new Failure(
      exitCodes.BAD_INPUT,
      `A texture needs texture coordinates, and ${model ?? `the scene '${scene.name}' without a --model`} has none.`,
    );
  }
  return inputs;
}

function takes(scene: Scene, input: keyof Inputs): boolean {
  return scene.takes?.includes(input) === true;
}

function checkTaken(scene: Scene, input: keyof Inputs, path: string | undefined): void {
  if (path !== undefined && !takes(scene, input)) {
    const able = [...scenes.values()].filter((each) => takes(each, input)).map(({ name }) => name);
    throw new Failure(
      exitCodes.BAD_INPUT,
      `The scene '${scene.name}' takes no --${input}; ${able.join(', ')} ${able.length === 1 ? 'does' : 'do'}.`,
    );
  }
}
