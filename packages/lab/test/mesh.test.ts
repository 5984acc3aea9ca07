import { describe, expect, it } from 'vitest';
import { packVertices, pickVertices } from '../src/mesh.ts';

const two = {
  positions: Float32Array.of(1, 2, 3, 4, 5, 6),
  normals: Float32Array.of(0, 1, 0, 0, 0, 1),
  uvs: Float32Array.of(0.25, 0.5, 0.75, 1),
  colors: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
  indices: new Uint32Array(0),
};

describe('packVertices', () => {
  it('gives 36 bytes each: position, normal, u and v, colour', () => {
    const bytes = packVertices(two);
    const view = new DataView(bytes.buffer);
    expect(bytes.length).toBe(72);
    const floats = Array.from({ length: 8 }, (_, i) => view.getFloat32(36 + 4 * i, true));
    expect(floats).toEqual([4, 5, 6, 0, 0, 1, 0.75, 1]);
    expect([...bytes.subarray(68)]).toEqual([5, 6, 7, 8]);
  });

  it('puts 0 for what is not there, and white', () => {
    const bytes = packVertices({ positions: Float32Array.of(0, 0, 0), indices: two.indices });
    expect([...bytes]).toEqual([...new Array<number>(32).fill(0), 255, 255, 255, 255]);
  });

  it('takes other colours than the mesh’s', () => {
    expect(packVertices(two, Uint8Array.of(9, 9, 9, 9, 8, 8, 8, 8))[68]).toBe(8);
  });
});

describe('pickVertices', () => {
  it('takes vertices in the order asked for, with all that they have', () => {
    expect(pickVertices(two, [1, 0, 1])).toEqual({
      positions: Float32Array.of(4, 5, 6, 1, 2, 3, 4, 5, 6),
      normals: Float32Array.of(0, 0, 1, 0, 1, 0, 0, 0, 1),
      uvs: Float32Array.of(0.75, 1, 0.25, 0.5, 0.75, 1),
      colors: Uint8Array.of(5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8),
    });
  });

  it('leaves out what the mesh lacks', () => {
    const { positions, indices } = two;
    expect(pickVertices({ positions, indices }, [0])).toEqual({
      positions: Float32Array.of(1, 2, 3),
      normals: undefined,
      uvs: undefined,
      colors: undefined,
    });
  });
});
