import { describe, expect, it } from 'vitest';
import { InputError } from '../src/input-error.ts';
import type { RawMesh } from '../src/mesh.ts';
import { checkSize, finishMesh } from '../src/raw-mesh.ts';
import { cube } from './meshes.ts';

const triangle: RawMesh = {
  positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0),
  indices: Uint32Array.of(0, 1, 2),
};

function refusal(change: Partial<RawMesh>): string {
  try {
    finishMesh('a.obj', { ...triangle, ...change });
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('It was accepted.');
}

describe('finishMesh', () => {
  it('merges equal vertices and drops those that no face has', () => {
    const mesh = finishMesh('a.obj', {
      positions: Float32Array.of(9, 9, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0),
      indices: Uint32Array.of(1, 2, 3, 4, 5, 6),
    });
    expect([...mesh.positions]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0]);
    expect([...mesh.indices]).toEqual([0, 1, 2, 1, 3, 2]);
  });

  it('keeps vertices apart that differ in anything', () => {
    const positions = Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0);
    const indices = Uint32Array.of(0, 1, 2, 3, 1, 2);
    const count = (extra: Partial<RawMesh>): number =>
      finishMesh('a.obj', { positions, indices, ...extra }).positions.length / 3;
    expect(count({})).toBe(3);
    expect(count({ uvs: Float32Array.of(0, 0, 0, 0, 0, 0, 1, 0) })).toBe(4);
    expect(count({ colors: new Uint8Array(16).fill(7, 12) })).toBe(4);
  });

  it('gives the mesh’s own normals length 1', () => {
    const normals = Float32Array.of(0, 3, 4, 0, 3, 4, 0, 3, 4);
    expect(finishMesh('a.obj', { ...triangle, normals }).normals[1]).toBeCloseTo(0.6, 7);
  });

  it('works normals out where there are none, or where one has no direction', () => {
    const facing = [0, 0, 1, 0, 0, 1, 0, 0, 1];
    expect([...finishMesh('a.obj', triangle).normals]).toEqual(facing);
    const normals = Float32Array.of(1, 0, 0, 1, 0, 0, 0, 0, 0);
    expect([...finishMesh('a.obj', { ...triangle, normals }).normals]).toEqual(facing);
  });

  it('splits a cube at its edges', () => {
    expect(finishMesh('a.obj', cube()).positions.length / 3).toBe(24);
  });
});

describe('what finishMesh refuses', () => {
  it('is a mesh without triangles', () => {
    expect(refusal({ indices: new Uint32Array(0) })).toBe(
      'a.obj has no triangles; a model is a mesh of triangles or polygons.',
    );
  });

  it('is what is not a number', () => {
    const seven = (value: number): Float32Array => Float32Array.of(0, 0, 0, 1, 0, 0, value, 1, 0);
    expect(refusal({ positions: seven(NaN) })).toContain("a vertex's position");
    expect(refusal({ positions: seven(Infinity) })).toContain("a vertex's position");
    expect(refusal({ normals: seven(NaN) })).toContain("a vertex's normal");
    expect(refusal({ uvs: Float32Array.of(0, 0, 0, 0, 0, NaN) })).toContain('texture coordinate');
  });

  it('is a mesh whose points are all in one place', () => {
    expect(refusal({ positions: new Float32Array(9).fill(7) })).toBe(
      'a.obj has no extent: all its points are in one place.',
    );
  });

  it('is an index without a vertex', () => {
    expect(refusal({ indices: Uint32Array.of(0, 1, 3) })).toContain(
      'a face has vertex 3, but there are only 3',
    );
  });

  it('is more than 40 MiB', () => {
    expect(() => {
      checkSize('a.obj', 1000000, 1485760);
    }).not.toThrow();
    expect(() => {
      checkSize('a.obj', 1000000, 1485761);
    }).toThrow(
      'a.obj takes 41 MiB as vertices and indices; models of at most 40 MiB are accepted.',
    );
    expect(refusal({ indices: new Uint32Array(10485763) })).toContain('41 MiB');
  });
});
