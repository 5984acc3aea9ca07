import { BUNNY_CREDIT, bunnyMesh } from '../bunny.ts';
import type { Scene } from '../scene.ts';
import { viewModel } from './model-view.ts';

export const bunny: Scene = {
  name: 'bunny',
  doc: 'The Stanford bunny, or a model of yours, turning: lit, depth-tested, with a soft shadow.',
  credit: BUNNY_CREDIT,
  takes: ['model', 'texture'],
  setup: async (gpu, context) =>
    viewModel(gpu, context, context.model ?? (await bunnyMesh()), context.model === undefined),
};
