import { expect, it } from 'vitest';
import { clear } from '../../src/scenes/clear.ts';
import { RecordingGpu } from './recording-gpu.ts';

async function colors(seed: number, frames: number): Promise<string[]> {
  const gpu = new RecordingGpu();
  const run = await clear.setup(gpu, { width: 10, height: 3, frames, seed });
  const seen: string[] = [];
  for (let index = 0; index < frames; index++) {
    await run.frame(index);
    const image = gpu.presented[index];
    const bytes = gpu.bytesOf(image);
    const rows = [0, 1, 2].map((row) =>
      bytes.subarray(row * image.stride, row * image.stride + 40),
    );
    const pixels = rows.flatMap((row) =>
      Array.from({ length: 10 }, (_, x) => row.slice(4 * x, 4 * x + 4)),
    );
    expect(new Set(pixels.map(String)).size).toBe(1);
    expect(pixels[0][3]).toBe(255);
    seen.push(String(pixels[0]));
  }
  return seen;
}

it('fills the image with one opaque colour, another one in each frame of a minute', async () => {
  const seen = await colors(1, 61);
  expect(new Set(seen.slice(0, 60)).size).toBe(60);
  expect(seen[60]).toBe(seen[0]);
});

it('begins with a colour that the seed chooses', async () => {
  expect((await colors(1, 1))[0]).not.toBe((await colors(2, 1))[0]);
});
