import { describe, expect, it } from 'vitest';
import { multiply, rotationY, TAU, transform } from '../../src/math.ts';
import { finishMesh } from '../../src/raw-mesh.ts';
import { crop } from '../../src/scenes/camera.ts';
import { flattening, LIGHT, setStage } from '../../src/scenes/stage.ts';
import { centred } from '../../src/scenes/sweep.ts';
import { cube, sphere } from '../meshes.ts';

function prepared(raw: ReturnType<typeof cube>) {
  const mesh = finishMesh('a', raw);
  return { ...mesh, positions: centred(mesh.positions) };
}

const bar = { ...cube(), positions: cube().positions.map((x, i) => (i % 3 === 0 ? x : x / 20)) };
const pole = { ...cube(), positions: cube().positions.map((x, i) => (i % 3 === 1 ? x : x / 20)) };

describe('setStage', () => {
  it('keeps a model in its part of the window at each angle', () => {
    for (const raw of [cube(), sphere(8), bar, pole]) {
      for (const [width, height] of [
        [640, 480],
        [90, 400],
        [400, 90],
      ]) {
        const mesh = prepared(raw);
        const { camera, model, window } = setStage(mesh, width, height);
        for (let step = 0; step < 24; step++) {
          const turn = rotationY((TAU * step) / 24);
          const matrix = multiply(crop(model, window), camera.matrix, turn);
          for (let at = 0; at < mesh.positions.length; at += 3) {
            const [px, py, pz] = mesh.positions.subarray(at, at + 3);
            const [x, y, z, w] = transform(matrix, [px, py, pz]);
            expect(Math.abs(x) <= w && Math.abs(y) <= w && z >= 0 && z <= w).toBe(true);
          }
        }
      }
    }
  });

  it('draws at twice the size where the GPU’s memory holds it', () => {
    const mesh = prepared(cube());
    expect(setStage(mesh, 640, 480).scale).toBe(2);
    expect(setStage(mesh, 1920, 1080).scale).toBe(2);
    expect(setStage(mesh, 2560, 1440).scale).toBe(2);
    expect(setStage(mesh, 3840, 2160).scale).toBe(1);
  });
});

describe('flattening', () => {
  it('moves each point along the light onto the floor', () => {
    const mesh = prepared(cube());
    const { sweep } = setStage(mesh, 64, 64);
    for (const point of [
      [0.1, 0.4, -0.2],
      [-0.5, -sweep.half, 0.5],
    ] as const) {
      const [x, y, z, w] = transform(flattening(sweep), point);
      expect(w).toBe(1);
      expect(y).toBeCloseTo(-sweep.half, 12);
      const way = (point[1] + sweep.half) / LIGHT[1];
      expect(x).toBeCloseTo(point[0] - way * LIGHT[0], 12);
      expect(z).toBeCloseTo(point[2] - way * LIGHT[2], 12);
    }
  });
});
