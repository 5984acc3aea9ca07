import { drawFlags, MAX_INDICES } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import type { Mesh } from '../../src/mesh.ts';
import type { Picture } from '../../src/picture.ts';
import { finishMesh } from '../../src/raw-mesh.ts';
import { viewModel } from '../../src/scenes/model-view.ts';
import { cube } from '../meshes.ts';
import { handleOf, type Recorded, RecordingGpu } from './recording-gpu.ts';
import { transformsOf } from './transforms.ts';

const box = finishMesh('a', cube());
const context = { width: 64, height: 48, frames: 1, seed: 1 };
const texture: Picture = { width: 2, height: 3, pixels: new Uint8Array(24).fill(200) };

async function frame(mesh: Mesh, closed = true, picture?: Picture, index = 0): Promise<Recorded[]> {
  const gpu = new RecordingGpu();
  const given = { ...context, ...(picture !== undefined && { texture: picture }) };
  const run = await viewModel(gpu, given, mesh, closed);
  await run.frame(index);
  return gpu.submissions[0];
}

function fieldsOf(commands: readonly Recorded[], name: string): Recorded['fields'][] {
  return commands.filter((command) => command.name === name).map(({ fields }) => fields);
}

describe('viewModel', () => {
  it('draws the shadow without depth, then the model with it', async () => {
    const commands = await frame(box);
    const [shadow, lit] = fieldsOf(commands, 'setTarget');
    expect(shadow.depth).toBe(0);
    expect(lit.depth).not.toBe(0);
    expect(fieldsOf(commands, 'draw').map(({ flags }) => flags)).toEqual([
      0,
      drawFlags.CULL_BACK | drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE,
    ]);
    expect(fieldsOf(commands, 'draw')[1]).toMatchObject({ vertexCount: 24, indexCount: 36 });
  });

  it('shows the back faces of a mesh that may be open', async () => {
    expect(fieldsOf(await frame(box, false), 'draw')[1].flags).toBe(
      drawFlags.DEPTH_TEST | drawFlags.DEPTH_WRITE,
    );
  });

  it('uploads the mesh once, to the GPU’s memory', async () => {
    const gpu = new RecordingGpu();
    const run = await viewModel(gpu, context, box, true);
    let writes = 0;
    const write = gpu.write.bind(gpu);
    gpu.write = (...given) => {
      writes++;
      return write(...given);
    };
    const { made } = gpu;
    await run.frame(0);
    await run.frame(1);
    expect([writes, gpu.made]).toEqual([0, made]);
    expect(new Set(gpu.placements())).toEqual(new Set(['device']));
  });

  it('keeps the light where it is while the model turns', async () => {
    const world = async (index: number): Promise<number[]> => {
      const [, { light }] = transformsOf(await frame(box, true, undefined, index));
      const angle = 0.35 + (2 * Math.PI * index) / 60;
      const [x, y, z] = light;
      return [
        x * Math.cos(angle) + z * Math.sin(angle),
        y,
        z * Math.cos(angle) - x * Math.sin(angle),
      ];
    };
    const first = await world(0);
    for (const index of [7, 30, 59]) {
      (await world(index)).forEach((value, axis) => {
        expect(value).toBeCloseTo(first[axis], 5);
      });
    }
  });

  it('takes a texture for a mesh with texture coordinates, and only for such', async () => {
    const uvs = new Float32Array((box.positions.length / 3) * 2);
    const textures = async (mesh: Mesh): Promise<Recorded['fields']> =>
      fieldsOf(await frame(mesh, true, texture), 'setTexture')[1];
    expect(await textures({ ...box, uvs })).toMatchObject({ width: 2, height: 3 });
    expect((await textures(box)).texels).toBe(0);
  });

  it('splits a mesh of more indices than a draw may have', async () => {
    const count = MAX_INDICES + 36;
    const commands = await frame({ ...box, indices: new Uint32Array(count) });
    const draws = fieldsOf(commands, 'draw');
    expect(draws.map(({ indexCount }) => indexCount)).toEqual([MAX_INDICES, 36, MAX_INDICES, 36]);
    expect(draws[1].indices - draws[0].indices).toBe(MAX_INDICES * 4);
    expect(handleOf(draws[1].indices)).toBe(handleOf(draws[0].indices));
  });
});
