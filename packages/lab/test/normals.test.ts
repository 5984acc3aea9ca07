import { describe, expect, it } from 'vitest';
import { creasedNormals, normalize } from '../src/normals.ts';
import { cube, sphere } from './meshes.ts';

const SIXTY_DEGREES = 0.5;

describe('creasedNormals', () => {
  it('keeps a cube’s edges sharp: each corner becomes three, one for each side', () => {
    const { positions, normals, indices } = creasedNormals(cube(), SIXTY_DEGREES);
    expect(positions.length / 3).toBe(24);
    for (const vertex of indices) {
      const normal = [...normals.subarray(3 * vertex, 3 * vertex + 3)];
      expect(normal.map(Math.abs).sort()).toEqual([0, 0, 1]);
      // A side's normal points out of it.
      const axis = normal.findIndex((value) => value !== 0);
      expect(positions[3 * vertex + axis]).toBe(normal[axis]);
    }
  });

  it('smooths a cube when told to: each corner’s normal is its diagonal', () => {
    const { positions, normals } = creasedNormals(cube(), -1);
    expect(positions.length / 3).toBe(8);
    positions.forEach((value, index) => {
      // Two triangles of a side may meet in a corner, or one: the mean leans, but not across.
      expect(Math.sign(normals[index])).toBe(Math.sign(value));
    });
  });

  it('smooths a sphere: normals point away from its middle', () => {
    const { positions, normals } = creasedNormals(sphere(24), SIXTY_DEGREES);
    for (let at = 0; at < positions.length; at += 3) {
      const along =
        positions[at] * normals[at] +
        positions[at + 1] * normals[at + 1] +
        positions[at + 2] * normals[at + 2];
      // The last band's triangles are long and thin, so the mean leans a little there.
      expect(along).toBeGreaterThan(0.98);
    }
  });

  it('finds neighbours by place, also where vertices are not shared and 0 is -0', () => {
    const { normals } = creasedNormals(
      {
        positions: Float32Array.of(0, 0, 0, 1, 0, 0, 0, 1, 0.1, -0, 0, 0, 0, 1, 0.1, -1, 0, 0),
        indices: Uint32Array.of(0, 1, 2, 3, 4, 5),
      },
      SIXTY_DEGREES,
    );
    expect([...normals.subarray(0, 3)]).toEqual([...normals.subarray(9, 12)]);
  });

  it('does not compare each with each in a crowd', () => {
    const spokes = 20000;
    const positions = [0, 1, 0];
    const indices: number[] = [];
    for (let i = 0; i < spokes; i++) {
      const turn = (2 * Math.PI * i) / spokes;
      positions.push(Math.sin(turn), 0, Math.cos(turn));
      indices.push(0, 1 + i, 1 + ((i + 1) % spokes));
    }
    const cone = { positions: Float32Array.from(positions), indices: Uint32Array.from(indices) };
    const { normals } = creasedNormals(cone, SIXTY_DEGREES);
    expect(normals[1]).toBeCloseTo(1, 3);
  });

  it('points up where a triangle has no area', () => {
    const flat = { positions: new Float32Array(9), indices: Uint32Array.of(0, 1, 2) };
    expect([...creasedNormals(flat, SIXTY_DEGREES).normals]).toEqual([0, 1, 0, 0, 1, 0, 0, 1, 0]);
  });
});

describe('normalize', () => {
  it('gives a vector length 1 in place', () => {
    const values = Float64Array.of(9, 0, 3, 4, 9);
    normalize(values, 1);
    expect([...values]).toEqual([9, 0, 0.6, 0.8, 9]);
  });
});
