import { profiles } from '@doorbell/hypervisor';
import { expect, it, vi } from 'vitest';
import { runStack } from '../../src/run.ts';
import { hog } from '../../src/scenes/hog.ts';
import { stackSpec } from '../../src/stack-spec.ts';
import { testEnvironment } from '../environment.ts';
import { RecordingGpu } from './recording-gpu.ts';

/** What two frames in a window do to the GPU. */
async function run(stack: string, width: number, height: number) {
  const result = await runStack(
    {
      spec: stackSpec(stack),
      scene: hog,
      context: { width, height, frames: 2, seed: 1 },
      profile: profiles.get('kvm-x86')!,
    },
    testEnvironment,
  );
  return { ...result, counts: result.stack!.bells[0].counts };
}

it('submits four draws of many triangles and waits once, for the last', async () => {
  const gpu = new RecordingGpu();
  const wait = vi.spyOn(gpu, 'wait');
  const scene = await hog.setup(gpu, { width: 640, height: 480, frames: 2, seed: 1 });
  await scene.frame(0);
  expect(gpu.submissions.length).toBe(4);
  expect(wait.mock.calls).toEqual([[4]]);
  for (const commands of gpu.submissions) {
    const draws = commands.filter(({ name }) => name === 'draw');
    expect(draws.map(({ fields }) => fields.indexCount / 3 > 1024)).toEqual([true]);
  }
});

it('keeps the engines busy for some milliseconds with each draw', async () => {
  const { counts } = await run('native', 640, 480);
  const each = counts.busyNs.render / 8;
  expect(each).toBeGreaterThan(2e6);
  expect(each).toBeLessThan(4e6);
});

it.each([
  [64, 48],
  [640, 480],
  [3840, 2160],
  [4096, 4096],
])('is far from a hang in a window of %d by %d, also in software', async (width, height) => {
  const { counts } = await run('emulated', width, height);
  expect(counts.hangs).toBe(0);
  // The watchdog's default is 200 ms.
  expect(counts.busyNs.render / 8).toBeLessThan(160e6);
});
