import { describe, expect, it } from 'vitest';
import { churn } from '../../src/scenes/churn.ts';
import { handleOf, RecordingGpu } from './recording-gpu.ts';

const context = { width: 200, height: 100, frames: 1, seed: 1 };

describe('the churn scene', () => {
  it('makes 32 buffers in system memory per frame, and keeps 24 of all', async () => {
    const gpu = new RecordingGpu();
    const run = await churn.setup(gpu, context);
    const before = gpu.made;
    for (let index = 0; index < 5; index++) {
      await run.frame(index);
      expect(gpu.made).toBe(before + 32 * (index + 1));
      expect(gpu.placements().filter((placement) => placement === 'host').length).toBe(24);
    }
  });

  it('has the GPU copy each of them, and what they hold is seen', async () => {
    const gpu = new RecordingGpu();
    const run = await churn.setup(gpu, context);
    await run.frame(0);
    const copies = gpu.submissions[1];
    expect(copies.length).toBe(33);
    expect(new Set(copies.map(({ fields }) => handleOf(fields.src))).size).toBe(33);
    const image = gpu.presented[0];
    const pixels = new Uint32Array(gpu.bytesOf(image).buffer);
    const colors = new Set(pixels.subarray(0, (image.stride / 4) * 100));
    expect(colors.size).toBeGreaterThan(32);
  });

  it('frees buffers in an order that is not that of making', async () => {
    const gpu = new RecordingGpu();
    const freed: number[] = [];
    const destroy = gpu.destroy.bind(gpu);
    gpu.destroy = async (resource) => {
      freed.push(resource.handle);
      await destroy(resource);
    };
    const run = await churn.setup(gpu, context);
    await run.frame(0);
    await run.frame(1);
    expect(freed).not.toEqual(freed.toSorted((a, b) => a - b));
  });
});
