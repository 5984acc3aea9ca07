import { describe, expect, it } from 'vitest';
import { finishMesh } from '../../src/raw-mesh.ts';
import { openness } from '../../src/scenes/occlusion.ts';
import { cube, sphere } from '../meshes.ts';

/** The mean openness of vertices whose height is in a range. */
function mean(open: Float32Array, positions: Float32Array, low: number, high: number): number {
  const heights = positions.filter((_, index) => index % 3 === 1);
  const chosen = open.filter((_, vertex) => heights[vertex] >= low && heights[vertex] <= high);
  return chosen.reduce((sum, value) => sum + value, 0) / chosen.length;
}

describe('openness', () => {
  it('is near 1 on a ball far from the floor, everywhere', () => {
    const raw = sphere(16);
    const mesh = finishMesh('a', { ...raw, positions: raw.positions.map((x) => x / 2) });
    for (const open of openness(mesh, -5)) {
      expect(open).toBeGreaterThan(0.95);
    }
  });

  it('is less where the floor is near', () => {
    const raw = sphere(16);
    const mesh = finishMesh('a', { ...raw, positions: raw.positions.map((x) => x / 2) });
    const open = openness(mesh, -0.5);
    const low = mean(open, mesh.positions, -0.5, -0.3);
    expect(low).toBeLessThan(0.75);
    expect(mean(open, mesh.positions, 0.3, 0.5)).toBeGreaterThan(0.95);
  });

  it('is less inside a gap than outside of it', () => {
    const plate = cube();
    const slab = (y: number): number[] =>
      [...plate.positions].map((x, i) => (i % 3 === 1 ? y + x * 0.05 : x * 0.55));
    const mesh = finishMesh('a', {
      positions: Float32Array.from([...slab(-0.15), ...slab(0.15)]),
      indices: Uint32Array.from([...plate.indices, ...plate.indices.map((index) => index + 8)]),
    });
    const open = openness(mesh, -5);
    const facing = (up: number, level: number): number =>
      Math.max(
        ...open.filter(
          (_, vertex) =>
            Math.sign(mesh.normals[3 * vertex + 1]) === up &&
            Math.abs(mesh.positions[3 * vertex + 1] - level) < 0.01,
        ),
      );
    const outside = facing(1, 0.2);
    const inside = facing(1, -0.1);
    expect(outside).toBeGreaterThan(0.95);
    expect(inside).toBeLessThan(outside - 0.1);
  });
});
