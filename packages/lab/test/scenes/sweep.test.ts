import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centred, outline, sweepOf } from '../../src/scenes/sweep.ts';

const positions = fc
  .array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 9, maxLength: 90 })
  .map((values) => Float32Array.from(values.slice(0, values.length - (values.length % 3))));

describe('centred', () => {
  it('puts the middle of the bounding box at the origin, all within the unit sphere', () => {
    fc.assert(
      fc.property(positions, (values) => {
        const moved = centred(values);
        for (let axis = 0; axis < 3; axis++) {
          const along = moved.filter((_, index) => index % 3 === axis);
          expect(Math.min(...along) + Math.max(...along)).toBeCloseTo(0, 5);
        }
        for (let at = 0; at < moved.length; at += 3) {
          expect(Math.hypot(...moved.subarray(at, at + 3))).toBeLessThanOrEqual(1.000001);
        }
      }),
    );
  });

  it('takes huge and tiny meshes, and a single point', () => {
    const huge = Float32Array.of(1e38, 0, 0, -1e38, 0, 0);
    expect([...centred(huge)]).toEqual([1, 0, 0, -1, 0, 0]);
    expect(centred(Float32Array.of(1e-40, 0, 0, 0, 0, 0))[0]).toBeCloseTo(1, 2);
    expect([...centred(Float32Array.of(7, 7, 7))]).toEqual([0, 0, 0]);
  });
});

describe('sweepOf and outline', () => {
  it('hold every vertex at every angle', () => {
    fc.assert(
      fc.property(positions, (values) => {
        const mesh = centred(values);
        const sweep = sweepOf(mesh);
        const points = outline(sweep);
        for (let at = 0; at < mesh.length; at += 3) {
          const [x, y, z] = mesh.subarray(at, at + 3);
          const level = points.filter(
            ([, height]) => Math.abs(height - y) <= sweep.half / 16 + 1e-6,
          );
          const reach = Math.max(...level.map(([px, , pz]) => Math.hypot(px, pz)));
          expect(reach).toBeGreaterThanOrEqual(Math.hypot(x, z) - 1e-6);
        }
      }),
    );
  });
});
