import { expect, it, vi } from 'vitest';
import { BURST_DRAWS, burstOf } from '../../src/scenes/burst.ts';
import { RecordingGpu } from './recording-gpu.ts';

const context = { width: 64, height: 48, frames: 2, seed: 1 };

async function play(perSubmission: number, waits?: 'each' | 'none') {
  const gpu = new RecordingGpu();
  const wait = vi.spyOn(gpu, 'wait');
  const run = await burstOf(perSubmission, waits).setup(gpu, context);
  await run.frame(0);
  await run.frame(1);
  await run.close();
  const drawn = gpu.submissions.map((commands) => commands.filter(({ name }) => name === 'draw'));
  return { gpu, waits: wait.mock.calls.length, draws: drawn.map(({ length }) => length) };
}

it('draws the same in a few submissions or many', async () => {
  const [few, many] = [await play(32), await play(1)];
  expect(few.draws).toEqual([32, 32, 32, 32]);
  expect(many.draws).toEqual(Array.from({ length: 2 * BURST_DRAWS }, () => 1));
  const transforms = ({ gpu }: typeof few) =>
    gpu.submissions.flat().filter(({ name }) => name === 'setTransform');
  expect(transforms(many)).toEqual(transforms(few));
  expect(transforms(few)).toHaveLength(2 * BURST_DRAWS);
});

it('waits for each submission, or for a picture before it is drawn on again', async () => {
  expect((await play(16)).waits).toBe(0);
  expect((await play(16, 'each')).waits).toBe(8);
});

it('clears the picture once a frame', async () => {
  const { gpu } = await play(16);
  const fills = gpu.submissions.map((commands) => commands.filter(({ name }) => name === 'fill'));
  expect(fills.map(({ length }) => length)).toEqual([1, 0, 0, 0, 1, 0, 0, 0]);
});
