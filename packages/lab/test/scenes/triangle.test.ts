import { describe, expect, it } from 'vitest';
import { triangle } from '../../src/scenes/triangle.ts';
import { transformOf } from './transforms.ts';
import { RecordingGpu } from './recording-gpu.ts';

const ROOT = Math.sqrt(3) * 0.9;

/** The corners on the screen, in pixels. */
async function corners(width: number, height: number, index: number): Promise<number[][]> {
  const gpu = new RecordingGpu();
  const run = await triangle.setup(gpu, { width, height, frames: 1, seed: 3 });
  await run.frame(index);
  const { matrix } = transformOf(gpu.submissions[0]);
  return [
    [0, 0.9],
    [-ROOT / 2, -0.45],
    [ROOT / 2, -0.45],
  ].map(([x, y]) => [
    ((matrix[0] * x + matrix[4] * y + matrix[12] + 1) * width) / 2,
    ((matrix[1] * x + matrix[5] * y + matrix[13] + 1) * height) / 2,
  ]);
}

describe('the triangle', () => {
  it('keeps its shape and stays in the window as it turns, whatever the window’s shape', async () => {
    for (const [width, height] of [
      [200, 100],
      [100, 200],
      [64, 64],
    ]) {
      for (let index = 0; index < 120; index += 7) {
        const points = await corners(width, height, index);
        const sides = points.map(([x, y], i) => {
          const [nextX, nextY] = points[(i + 1) % 3];
          return Math.hypot(nextX - x, nextY - y);
        });
        for (const side of sides) {
          expect(side / ((ROOT * Math.min(width, height)) / 2)).toBeCloseTo(1, 1);
        }
        for (const [x, y] of points) {
          expect(x > 0 && x < width && y > 0 && y < height).toBe(true);
        }
      }
    }
  });

  it('turns by a third in 40 frames: its corners change places', async () => {
    const [first] = await corners(100, 100, 0);
    const [, second, third] = await corners(100, 100, 40);
    const near = [second, third].filter(([x, y]) => Math.hypot(x - first[0], y - first[1]) < 1);
    expect(near.length).toBe(1);
  });

  it('is one draw of three indices, unlit, in three colours', async () => {
    const gpu = new RecordingGpu();
    const run = await triangle.setup(gpu, { width: 9, height: 9, frames: 1, seed: 1 });
    await run.frame(0);
    const commands = gpu.submissions[0];
    expect(commands.map(({ name }) => name)).toEqual([
      ...['fill', 'setTarget', 'setViewport', 'setScissor'],
      ...['setTexture', 'setTransform', 'draw'],
    ]);
    expect(transformOf(commands).light).toEqual([0, 0, 0, 1]);
    expect(commands[6].fields).toMatchObject({ vertexCount: 3, indexCount: 3 });
  });
});
