import { InputError } from '../input-error.ts';
import type { Scene } from '../scene.ts';
import { bunny } from './bunny.ts';
import { burst } from './burst.ts';
import { churn } from './churn.ts';
import { clear } from './clear.ts';
import { hog } from './hog.ts';
import { image } from './image.ts';
import { nop } from './nop.ts';
import { triangle } from './triangle.ts';

/** All scenes by name. */
export const scenes: ReadonlyMap<string, Scene> = new Map(
  [bunny, triangle, clear, image, churn, burst, hog, nop].map((scene) => [scene.name, scene]),
);

/** @throws InputError */
export function findScene(name: string): Scene {
  const scene = scenes.get(name);
  if (scene === undefined) {
    throw new InputError(`There is no scene '${name}'; there is ${[...scenes.keys()].join(', ')}.`);
  }
  return scene;
}
