import { describe, expect, it, vi } from 'vitest';
import { parseGlb } from '../src/glb.ts';
import { InputError } from '../src/input-error.ts';
import type { RawMesh } from '../src/mesh.ts';
import { accessors, type Column, glbFile, type GlbJson } from './glb-files.ts';

const positions: Column = {
  type: 'VEC3',
  component: 'f32',
  values: [0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0],
};
const indices: Column = { type: 'SCALAR', component: 'u16', values: [0, 1, 2] };

/** One mesh of one primitive, in one node. */
function scene(
  primitive: GlbJson,
  columns: readonly Column[],
  node: GlbJson = {},
  more: GlbJson = {},
): Uint8Array {
  const { json, binary } = accessors(columns);
  const meshes = [{ primitives: [primitive] }];
  return glbFile(
    { scenes: [{ nodes: [0] }], nodes: [{ mesh: 0, ...node }], meshes, ...json, ...more },
    binary,
  );
}

const triangle = { attributes: { POSITION: 0 }, indices: 1 };

function parse(file: Uint8Array): Promise<RawMesh> {
  return parseGlb('a.glb', file);
}

async function refusal(file: Uint8Array): Promise<string> {
  const error: unknown = await parse(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  return (error as InputError).message;
}

describe('parseGlb', () => {
  it('reads triangles with what their vertices have', async () => {
    const columns: Column[] = [
      positions,
      indices,
      { type: 'VEC3', component: 'f32', values: [0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1] },
      { type: 'VEC2', component: 'u8', values: [0, 0, 255, 0, 0, 255, 255, 255], normalized: true },
    ];
    const attributes = { POSITION: 0, NORMAL: 2, TEXCOORD_0: 3 };
    const mesh = await parse(scene({ attributes, indices: 1 }, columns));
    expect([...mesh.positions]).toEqual(positions.values);
    expect([...mesh.indices]).toEqual([0, 1, 2]);
    expect([...(mesh.normals ?? [])]).toEqual([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect([...(mesh.uvs ?? [])]).toEqual([0, 0, 1, 0, 0, 1, 1, 1]);
    expect(mesh.colors).toBeUndefined();
  });

  it('reads a file at an odd place in a larger array', async () => {
    const file = scene(triangle, [positions, indices]);
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect((await parse(larger.subarray(3))).indices.length).toBe(3);
  });

  it('reads strips and fans in the order that §3.7.2.1 gives, and vertices without indices', async () => {
    const corners = async (mode: number): Promise<number[]> => [
      ...(await parse(scene({ attributes: { POSITION: 0 }, mode }, [positions]))).indices,
    ];
    expect(await corners(4)).toEqual([0, 1, 2]);
    expect(await corners(5)).toEqual([0, 1, 2, 1, 3, 2]);
    expect(await corners(6)).toEqual([1, 2, 0, 2, 3, 0]);
    expect(await corners(1)).toEqual([]);
    expect(await corners(0)).toEqual([]);
  });

  it('applies translation, rotation and scale, scale first', async () => {
    const half = Math.SQRT1_2;
    // A quarter turn about z, from x towards y.
    const node = { translation: [10, 20, 30], rotation: [0, 0, half, half], scale: [2, 3, 4] };
    const mesh = await parse(scene(triangle, [positions, indices], node));
    const expected = [10, 20, 30, 10, 22, 30, 7, 20, 30, 7, 22, 30];
    mesh.positions.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index], 5);
    });
  });

  it('applies matrices, those of parents last', async () => {
    const { json, binary } = accessors([positions, indices]);
    const shear = [1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 5, 0, 0, 1];
    const file = glbFile(
      {
        ...json,
        scenes: [{ nodes: [1] }],
        nodes: [
          { mesh: 0, matrix: shear },
          { children: [0], scale: [2, 2, 2] },
        ],
        meshes: [{ primitives: [triangle] }],
      },
      binary,
    );
    expect([...(await parse(file)).positions]).toEqual([10, 0, 0, 12, 0, 0, 12, 2, 0, 14, 2, 0]);
  });

  it('keeps outsides outside under a mirror, and normals upright under uneven scale', async () => {
    const normal: Column = {
      type: 'VEC3',
      component: 'f32',
      values: [1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 1],
    };
    const primitive = { attributes: { POSITION: 0, NORMAL: 2 }, indices: 1 };
    const mesh = await parse(scene(primitive, [positions, indices, normal], { scale: [-1, 2, 1] }));
    expect([...mesh.indices]).toEqual([0, 2, 1]);
    const [x, y, z] = mesh.normals ?? [];
    expect(x / y).toBeCloseTo(-2, 6);
    expect(z).toBeCloseTo(0, 6);
    expect(mesh.normals?.[5]).toBeGreaterThan(0);
  });

  it('draws a mesh once for each node that has it', async () => {
    const { json, binary } = accessors([positions, indices]);
    const nodes = [{ mesh: 0 }, { mesh: 0, translation: [0, 0, 7] }];
    const meshes = [{ primitives: [triangle, triangle] }];
    const mesh = await parse(
      glbFile({ ...json, scenes: [{ nodes: [0, 1] }], nodes, meshes }, binary),
    );
    expect(mesh.indices.length).toBe(12);
    expect(new Set(mesh.positions.filter((_, i) => i % 3 === 2))).toEqual(new Set([0, 7]));
    expect(Math.max(...mesh.indices)).toBe(14);
  });

  it('without a scene takes the roots of all nodes', async () => {
    const file = scene(triangle, [positions, indices], {}, { scenes: undefined });
    expect((await parse(file)).indices.length).toBe(3);
  });

  it('multiplies vertex colours by the material’s, and encodes them as sRGB', async () => {
    const values = [1, 1, 1, 1, 0.5, 0.5, 0.5, 1, 0, 0, 0, 1, 1, 0, 0, 1];
    const columns: Column[] = [positions, indices, { type: 'VEC4', component: 'f32', values }];
    const primitive = { attributes: { POSITION: 0, COLOR_0: 2 }, indices: 1, material: 0 };
    const materials = [{ pbrMetallicRoughness: { baseColorFactor: [1, 0.5, 1, 1] } }];
    const mesh = await parse(scene(primitive, columns, {}, { materials }));
    expect([...(mesh.colors ?? [])]).toEqual([
      ...[255, 188, 255, 255],
      ...[188, 137, 188, 255],
      ...[0, 0, 0, 255],
      ...[255, 0, 0, 255],
    ]);
  });

  it('reads quantised positions, and asks for no extension that leaves triangles as they are', async () => {
    const quantised: Column = {
      ...{ type: 'VEC3', component: 'i16', normalized: true },
      values: [0, 0, 0, 32767, 0, 0, 0, 32767, 0, -32767, 0, 0],
    };
    const extensions = ['KHR_mesh_quantization', 'KHR_texture_transform'];
    const more = { extensionsRequired: extensions, extensionsUsed: extensions };
    const warn = vi.spyOn(console, 'warn');
    const mesh = await parse(scene(triangle, [quantised, indices], {}, more));
    expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, -1, 0, 0]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it('has no normals when a primitive has none', async () => {
    expect((await parse(scene(triangle, [positions, indices]))).normals).toBeUndefined();
  });
});

describe('what parseGlb refuses', () => {
  it('is what is not GLB', async () => {
    expect(await refusal(new Uint8Array(0))).toContain('a.glb is not a sound GLB file');
    expect(await refusal(new Uint8Array(100))).toContain('a.glb is not a sound GLB file');
    const file = glbFile({ asset: { version: '1.0' } });
    expect(await refusal(file)).toContain(
      'a.glb is not a sound GLB file: Unsupported glTF version',
    );
  });

  it('is a file that is cut short', async () => {
    const file = scene(triangle, [positions, indices]);
    for (let length = 0; length < file.length - 8; length += 5) {
      expect(await refusal(file.subarray(0, length))).toContain('a.glb is not a sound GLB file');
    }
  });

  it('is a compressed mesh', async () => {
    for (const extension of ['KHR_draco_mesh_compression', 'EXT_meshopt_compression']) {
      const more = { extensionsRequired: [extension] };
      expect(await refusal(scene(triangle, [positions, indices], {}, more))).toBe(
        `a.glb needs the extension ${extension}; save it without compression.`,
      );
    }
  });

  it('is a graph of nodes that is no tree', async () => {
    const { json, binary } = accessors([positions, indices]);
    const meshes = [{ primitives: [triangle] }];
    const graph = (nodes: readonly GlbJson[], roots = [0]): Uint8Array =>
      glbFile({ ...json, scenes: [{ nodes: roots }], nodes, meshes }, binary);
    expect(await refusal(graph([{ children: [1] }, { children: [0] }]))).toContain('not a tree');
    expect(await refusal(graph([{ children: [1, 1] }, {}]))).toContain('not a tree');
    expect(await refusal(graph([{ mesh: 0 }], [5]))).toContain('a.glb is not a sound GLB file');
  });

  it('is a file that needs another one', async () => {
    const file = glbFile({ buffers: [{ uri: 'other.bin', byteLength: 4 }] });
    expect(await refusal(file)).toContain('external buffers');
  });
});
