import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fit } from '../../src/shapes/svga.ts';

it('finds a and b of what is a + b / size, whatever the sizes', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 64 }), { minLength: 3, maxLength: 8 }),
      fc.integer({ min: 1, max: 10_000 }),
      fc.integer({ min: 0, max: 100_000 }),
      (sizes, a, b) => {
        const found = fit(
          sizes,
          sizes.map((size) => a + b / size),
        );
        expect(found.a).toBeCloseTo(a, 4);
        expect(found.b).toBeCloseTo(b, 4);
        expect(found.residual).toBeCloseTo(0, 6);
      },
    ),
  );
});

it('gives the largest residual in per cent of what was measured', () => {
  const { residual } = fit([1, 2, 4], [100, 100, 40]);
  expect(residual).toBeGreaterThan(20);
});
