import { expect, it } from 'vitest';
import { churn } from '../../../src/scenes/churn.ts';
import { pooled } from '../../../src/shapes/workloads/pooled.ts';
import { RecordingGpu } from '../../scenes/recording-gpu.ts';

const context = { width: 64, height: 48, frames: 8, seed: 1 };

async function play(scene: typeof churn) {
  const gpu = new RecordingGpu();
  const run = await scene.setup(gpu, context);
  const made: number[] = [];
  for (let frame = 0; frame < context.frames; frame++) {
    const before = gpu.made;
    await run.frame(frame);
    made.push(gpu.made - before);
  }
  await run.close();
  return { gpu, made };
}

it('asks for no new buffer once the pool is full, and gives all back in the end', async () => {
  const { gpu, made } = await play(pooled(churn, 6400));
  expect(made.slice(0, 2)).toEqual([32, 32]);
  expect(made.slice(-3)).toEqual([0, 0, 0]);
  expect(gpu.resources.size).toBe(0);
});

it('leaves what the scene submits as it is, but for which buffers', async () => {
  const [plain, pool] = [await play(churn), await play(pooled(churn, 6400))];
  expect(plain.made).toEqual(Array.from({ length: 8 }, () => 32));
  const shape = ({ gpu }: typeof plain) =>
    gpu.submissions.map((commands) => commands.map(({ name, fields }) => [name, fields.rows]));
  expect(shape(pool)).toEqual(shape(plain));
});
