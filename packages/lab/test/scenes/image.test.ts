import { blends, filters } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../src/picture.ts';
import { WrongResult } from '../../src/scene.ts';
import { image } from '../../src/scenes/image.ts';
import { handleOf, type Recorded, RecordingGpu } from './recording-gpu.ts';

const context = { width: 160, height: 120, frames: 1, seed: 1 };

function gradient(width: number, height: number): Picture {
  const pixels = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i * 7) & 0xff);
  return { width, height, pixels };
}

async function frames(count: number, texture?: Picture): Promise<Recorded[][]> {
  const gpu = new RecordingGpu();
  const run = await image.setup(gpu, { ...context, ...(texture !== undefined && { texture }) });
  for (let index = 0; index < count; index++) {
    await run.frame(index);
  }
  return gpu.submissions;
}

describe('the image scene', () => {
  it('scales the picture both ways and blends it over its ground', async () => {
    const [commands] = await frames(1);
    const blits = commands.filter(({ name }) => name === 'blit').map(({ fields }) => fields);
    expect(blits.map(({ filter, blend }) => [filter, blend])).toEqual([
      [filters.BILINEAR, blends.NONE],
      [filters.NEAREST, blends.OVER],
      [filters.BILINEAR, blends.OVER],
    ]);
    expect(blits[0]).toMatchObject({ dstWidth: 160, dstHeight: 120 });
  });

  it('takes the user’s picture, of any size, in its own shape', async () => {
    for (const [width, height] of [
      [64, 32],
      [3, 3],
      [1000, 10],
      [1, 700],
    ]) {
      const [commands] = await frames(1, gradient(width, height));
      const { fields } = commands[2];
      expect([fields.srcWidth, fields.srcHeight]).toEqual([width, height]);
      const off = Math.abs(fields.dstWidth * height - fields.dstHeight * width);
      expect(off / Math.max(width, height)).toBeLessThanOrEqual(1);
    }
  });

  it('moves and grows', async () => {
    const places = (await frames(20)).map((commands) => {
      const { fields } = commands[1];
      return [fields.dst, fields.dstWidth].map((value, i) => (i === 0 ? value % 2 ** 26 : value));
    });
    expect(new Set(places.map(String)).size).toBeGreaterThan(15);
    expect(new Set(places.map(([, width]) => width)).size).toBeGreaterThan(5);
  });

  it('reads back a part of the picture, another one in each frame', async () => {
    const copies = (await frames(3)).map((commands) => commands[3]);
    expect(copies.map(({ name, fields }) => [name, fields.rowBytes, fields.rows])).toEqual(
      Array.from({ length: 3 }, () => ['copy', 64, 16]),
    );
    expect(new Set(copies.map(({ fields }) => fields.src)).size).toBe(3);
    expect(new Set(copies.map(({ fields }) => handleOf(fields.dst))).size).toBe(1);
  });

  it('says so when the GPU gives back other bytes', async () => {
    const gpu = new RecordingGpu();
    const run = await image.setup(gpu, { ...context, texture: gradient(20, 20) });
    const read = gpu.read.bind(gpu);
    gpu.read = async (resource, offset, into) => {
      await read(resource, offset, into);
      into[70] ^= 1;
    };
    await expect(run.frame(0)).rejects.toThrow(WrongResult);
    await expect(run.frame(1)).rejects.toThrow('byte 70 of 16 × 16 pixels at (2, 0)');
  });
});
