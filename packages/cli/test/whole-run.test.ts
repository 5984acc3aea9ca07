import { scenes, type Scene } from '@doorbell/lab';
import { expect, test } from 'vitest';
import { prepareRun } from '../src/bench/whole-run.ts';
import { findScene } from '../src/scene-input.ts';

const context = { width: 64, height: 48, frames: 2, seed: 1 };

test.each([...scenes.values()])(
  'the engines alone draw the pixels of $name that a stack draws',
  async (scene) => {
    const { work, reference } = await prepareRun('native', scene, context);
    expect([work.units, reference.units]).toEqual([2, 2]);
  },
);

test('refuses to compare with other pixels', async () => {
  const clear = findScene('clear');
  let runs = 0;
  const restless: Scene = {
    ...clear,
    setup: (gpu, given) => clear.setup(gpu, { ...given, seed: ++runs }),
  };
  await expect(prepareRun('native', restless, context)).rejects.toThrow(/other pixels than native/);
});
