import { createHash } from 'node:crypto';
import { runStack, scenes, stackSpec } from '@doorbell/lab';
import { profiles } from '@doorbell/hypervisor';
import { expect, test } from 'vitest';
import { labEnvironment } from '@doorbell/lab/node';
import { sceneFrames, surroundings } from '../src/peers-surroundings.ts';

test('draws the frames that native shows', async () => {
  const pictures = await sceneFrames('image', 320, 240);
  const hash = createHash('sha256');
  pictures.forEach(({ pixels }) => hash.update(pixels));
  const [profile] = profiles.values();
  const context = { width: 320, height: 240, frames: pictures.length, seed: 1 };
  const scene = scenes.get('image')!;
  const { report } = await runStack(
    { spec: stackSpec('native'), scene, context, profile },
    labEnvironment,
  );
  expect(report.frames.sha256).toBe(hash.digest('hex'));
  expect(pictures[0].pixels).not.toEqual(pictures[1].pixels);
});

test('opens a backend, and closes it', async () => {
  const backend = await surroundings.openBackend({ width: 320, height: 240 }, (error) => {
    throw error;
  });
  expect(backend.counts()).toEqual({});
  await backend.close();
});
