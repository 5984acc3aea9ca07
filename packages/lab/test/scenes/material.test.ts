import { describe, expect, it } from 'vitest';
import { finishMesh } from '../../src/raw-mesh.ts';
import { vertexColors } from '../../src/scenes/material.ts';
import { sphere } from '../meshes.ts';

const raw = sphere(12);
const ball = finishMesh('a', { ...raw, positions: raw.positions.map((x) => x / 2) });
const top = [...ball.positions.keys()].find((i) => i % 3 === 1 && ball.positions[i] > 0.49) ?? 0;

function topColor(mesh: typeof ball, textured: boolean): number[] {
  const vertex = Math.floor(top / 3);
  return [...vertexColors(mesh, -5, textured).subarray(4 * vertex, 4 * vertex + 4)];
}

describe('vertexColors', () => {
  it('is clay where the model has no colours, white under a texture', () => {
    const [r, g, b, a] = topColor(ball, false);
    expect(r > g && g > b).toBe(true);
    expect(a).toBe(255);
    for (const channel of topColor(ball, true)) {
      expect(channel).toBeGreaterThan(235);
    }
  });

  it('keeps the model’s own colours', () => {
    const colors = new Uint8Array((ball.positions.length / 3) * 4).map(
      (_, i) => [0, 200, 40, 9][i & 3],
    );
    const [r, g, b, a] = topColor({ ...ball, colors }, false);
    expect([r, a]).toEqual([0, 255]);
    expect(g).toBeGreaterThan(185);
    expect(b).toBeLessThan(50);
  });

  it('is darker below than above', () => {
    const colors = vertexColors(ball, -0.5, false);
    const heights = ball.positions.filter((_, i) => i % 3 === 1);
    const red = (wanted: (height: number) => boolean): number =>
      Math.max(...colors.filter((_, i) => i % 4 === 0 && wanted(heights[Math.floor(i / 4)])));
    expect(red((height) => height < -0.3)).toBeLessThan(red((height) => height > 0.3) * 0.7);
  });
});
