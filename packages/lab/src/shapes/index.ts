/** The shapes of the literature: one file for each source, and here they are one list. */
import type { Profile } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { eli } from './eli.ts';
import { ghyvi } from './ghyvi.ts';
import { gpuvm } from './gpuvm.ts';
import { longWork } from './long-work.ts';
import { paradice } from './paradice.ts';
import { Runs } from './runs.ts';
import type { Shape } from './shape.ts';
import { svga } from './svga.ts';

/** In the order of the page. */
export const shapes: readonly Shape[] = [
  ...gpuvm,
  ...longWork,
  ...svga,
  ...paradice,
  ...eli,
  ...ghyvi,
];

/** The values of every shape's rows under a profile, by the shape's id. */
export async function measureShapes(
  profile: Profile,
  environment: Environment,
): Promise<Readonly<Record<string, readonly number[]>>> {
  const runs = new Runs(profile, environment);
  const values: Record<string, readonly number[]> = {};
  for (const shape of shapes) {
    values[shape.id] = await shape.measure(runs);
  }
  return values;
}
