import { expect, it, vi } from 'vitest';
import { nop } from '../../src/scenes/nop.ts';
import { RecordingGpu } from './recording-gpu.ts';

it('draws once, and then submits nothing, waits for it, and shows the same picture', async () => {
  const gpu = new RecordingGpu();
  const wait = vi.spyOn(gpu, 'wait');
  const run = await nop.setup(gpu, { width: 8, height: 8, frames: 2, seed: 1 });
  expect(gpu.submissions.map((commands) => commands.map(({ name }) => name))).toEqual([['fill']]);
  await run.frame(0);
  await run.frame(1);
  expect(gpu.submissions.slice(1)).toEqual(Array.from({ length: 32 }, () => []));
  expect(wait.mock.calls.map(([fence]) => fence)).toEqual(
    Array.from({ length: 32 }, (_, index) => index + 2),
  );
  expect(gpu.presented[0]).toBe(gpu.presented[1]);
});
