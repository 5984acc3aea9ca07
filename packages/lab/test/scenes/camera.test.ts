import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Matrix, transform, type Vector } from '../../src/math.ts';
import { crop, fitCamera, floorPoint, rectOf } from '../../src/scenes/camera.ts';

const unit = fc.double({ min: -0.57, max: 0.57, noNaN: true });
const points = fc.array(fc.tuple(unit, unit, unit), { minLength: 2, maxLength: 20 });
const window = fc.record({
  width: fc.integer({ min: 16, max: 4096 }),
  height: fc.integer({ min: 16, max: 4096 }),
});

function onScreen(matrix: Matrix, point: Vector): readonly [number, number, number] {
  const [x, y, z, w] = transform(matrix, point);
  expect(w).toBeGreaterThan(0);
  return [x / w, y / w, z / w];
}

function spread(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

describe('fitCamera', () => {
  it('has every point in view, in any window', () => {
    fc.assert(
      fc.property(points, window, (cloud, size) => {
        const { matrix } = fitCamera(cloud, size);
        for (const point of cloud) {
          const [x, y, z] = onScreen(matrix, point);
          expect(Math.abs(x)).toBeLessThanOrEqual(0.9);
          expect(Math.abs(y)).toBeLessThanOrEqual(0.9);
          expect(z > 0 && z < 1).toBe(true);
        }
      }),
    );
  });

  it('comes as near as it can: what is large fills 83 % of one side of the window', () => {
    const corners: Vector[] = [
      [-0.5, -0.5, 0],
      [0.5, 0.5, 0],
    ];
    for (const size of [
      { width: 640, height: 480 },
      { width: 100, height: 900 },
      { width: 900, height: 100 },
    ]) {
      const { matrix } = fitCamera(corners, size);
      const seen = corners.map((corner) => onScreen(matrix, corner));
      const fill = Math.max(spread(seen.map(([x]) => x)), spread(seen.map(([, y]) => y)));
      expect(fill / 2).toBeCloseTo(0.83, 3);
    }
  });
});

describe('rectOf', () => {
  it('is where the points are, with pixels to spare, inside the window', () => {
    fc.assert(
      fc.property(points, window, (cloud, size) => {
        const camera = fitCamera(cloud, size);
        const { x, y, width, height } = rectOf(cloud, camera, size, 2);
        for (const value of [x, y, width, height]) {
          expect(Number.isInteger(value)).toBe(true);
        }
        expect(x >= 0 && y >= 0 && width > 0 && height > 0).toBe(true);
        expect(x + width <= size.width && y + height <= size.height).toBe(true);
        for (const point of cloud) {
          const [u, v] = onScreen(camera.matrix, point);
          const [px, py] = [((u + 1) / 2) * size.width, ((v + 1) / 2) * size.height];
          expect(px >= x && px <= x + width && py >= y && py <= y + height).toBe(true);
        }
      }),
    );
  });
});

describe('crop', () => {
  it('maps the rectangle’s corners to those of the picture', () => {
    const matrix = crop({ x: 30, y: 10, width: 50, height: 20 }, { width: 200, height: 100 });
    const at = (px: number, py: number): readonly number[] =>
      onScreen(matrix, [(2 * px) / 200 - 1, (2 * py) / 100 - 1, 0.5]);
    const [left, top, depth] = at(30, 10);
    const [right, bottom] = at(80, 30);
    expect([left, top, right, bottom].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([
      -1, -1, 1, 1,
    ]);
    expect(depth).toBe(0.5);
  });
});

describe('floorPoint', () => {
  it('finds the point of the floor that is seen there', () => {
    fc.assert(
      fc.property(unit, unit, (x, z) => {
        const { matrix } = fitCamera(
          [
            [0.5, 0.5, 0.5],
            [-0.5, -0.5, -0.5],
          ],
          { width: 90, height: 60 },
        );
        const [u, v] = onScreen(matrix, [x, -0.5, z]);
        const found = floorPoint(matrix, u, v, -0.5);
        expect(found?.[0]).toBeCloseTo(x, 9);
        expect(found?.[1]).toBe(-0.5);
        expect(found?.[2]).toBeCloseTo(z, 9);
      }),
    );
  });

  it('finds none above the horizon', () => {
    const { matrix } = fitCamera(
      [
        [0.5, 0.5, 0.5],
        [-0.5, -0.5, -0.5],
      ],
      { width: 90, height: 60 },
    );
    expect(floorPoint(matrix, 0, -5, -0.5)).toBeUndefined();
  });
});
