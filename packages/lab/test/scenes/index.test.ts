import { describe, expect, it } from 'vitest';
import type { Scene, SceneContext } from '../../src/scene.ts';
import { scenes } from '../../src/scenes/index.ts';
import { type Recorded, RecordingGpu } from './recording-gpu.ts';

const context: SceneContext = { width: 64, height: 48, frames: 4, seed: 1 };

async function play(
  scene: Scene,
  change: Partial<SceneContext> = {},
  frames = 4,
): Promise<RecordingGpu> {
  const gpu = new RecordingGpu();
  const run = await scene.setup(gpu, { ...context, ...change });
  for (let index = 0; index < frames; index++) {
    await run.frame(index);
    expect(gpu.presented.length).toBe(index + 1);
  }
  await run.close();
  return gpu;
}

function recorded(gpu: RecordingGpu): Recorded[][] {
  return gpu.submissions;
}

it('names each scene by its key', () => {
  expect([...scenes.keys()].sort()).toEqual([
    'bunny',
    'burst',
    'churn',
    'clear',
    'hog',
    'image',
    'nop',
    'triangle',
  ]);
  for (const [name, scene] of scenes) {
    expect(scene.name).toBe(name);
    expect(scene.doc).toMatch(/\.$/);
  }
});

for (const scene of scenes.values()) {
  describe(`scene ${scene.name}`, () => {
    it('presents one image of the window’s size in each frame, and gives everything back', async () => {
      const gpu = await play(scene);
      for (const { width, height } of gpu.presented) {
        expect([width, height]).toEqual([64, 48]);
      }
      expect(gpu.resources.size).toBe(0);
    });

    it('fits windows of any shape', async () => {
      for (const [width, height] of [
        [1, 1],
        [300, 7],
        [5, 200],
        [333, 251],
      ]) {
        const gpu = await play(scene, { width, height }, 2);
        expect(gpu.presented.length).toBe(2);
      }
    });

    it('asks for the same again with the same seed, and does not look at the number of frames', async () => {
      const first = await play(scene);
      expect(recorded(await play(scene))).toEqual(recorded(first));
      expect(recorded(await play(scene, { frames: 60 }))).toEqual(recorded(first));
    });
  });
}
