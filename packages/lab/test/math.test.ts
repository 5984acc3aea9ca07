import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cos,
  cross,
  dot,
  identity,
  lookAt,
  type Matrix,
  multiply,
  normalized,
  perspective,
  rotationY,
  rotationZ,
  scaled,
  scaling,
  sin,
  sqrt,
  subtract,
  TAU,
  transform,
  translation,
  unrotate,
  type Vector,
} from '../src/math.ts';

/** Distance in units in the last place. */
function ulps(a: number, b: number): number {
  const bits = new BigInt64Array(new Float64Array([a, b]).buffer);
  return Math.abs(Number(bits[0] - bits[1]));
}

const coordinate = fc.double({ min: -100, max: 100, noNaN: true });
const vector = fc.tuple(coordinate, coordinate, coordinate);
const angle = fc.double({ min: -50, max: 50, noNaN: true });

function expectClose(actual: readonly number[], expected: readonly number[], digits = 9): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, index) => {
    expect(value).toBeCloseTo(expected[index], digits);
  });
}

describe('sqrt', () => {
  it('is within one unit in the last place of the true root, for every magnitude', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), (x) => {
        expect(ulps(sqrt(x), Math.sqrt(x))).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('is exact for squares of whole numbers', () => {
    for (let root = 0; root < 2000; root++) {
      expect(sqrt(root * root)).toBe(root);
    }
  });

  it('is as IEEE 754 has it at the ends', () => {
    expect(sqrt(0)).toBe(0);
    expect(sqrt(Infinity)).toBe(Infinity);
    expect(sqrt(-1)).toBeNaN();
    expect(sqrt(NaN)).toBeNaN();
    expect(sqrt(5e-324)).toBeCloseTo(2.2227587494850775e-162, 170);
  });
});

describe('sin and cos', () => {
  it('agree with the host to 10^-15', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e4, max: 1e4, noNaN: true }), (x) => {
        expect(Math.abs(sin(x) - Math.sin(x))).toBeLessThan(1e-15);
        expect(Math.abs(cos(x) - Math.cos(x))).toBeLessThan(1e-15);
      }),
      { numRuns: 2000 },
    );
  });

  it('are what they are at quarter turns', () => {
    expectClose(
      [0, 1, 2, 3, 4].map((quarter) => sin((quarter * TAU) / 4)),
      [0, 1, 0, -1, 0],
      14,
    );
    expectClose(
      [0, 1, 2, 3, 4].map((quarter) => cos((quarter * TAU) / 4)),
      [1, 0, -1, 0, 1],
      14,
    );
  });
});

describe('vectors', () => {
  it('have a cross product at right angles to both', () => {
    fc.assert(
      fc.property(vector, vector, (a, b) => {
        expect(dot(cross(a, b), a)).toBeCloseTo(0, 6);
        expect(dot(cross(a, b), b)).toBeCloseTo(0, 6);
      }),
    );
    expect(cross([1, 0, 0], [0, 1, 0])).toEqual([0, 0, 1]);
  });

  it('are subtracted, scaled and made unit length', () => {
    expect(subtract([5, 7, 9], [1, 2, 3])).toEqual([4, 5, 6]);
    expect(scaled([1, -2, 3], 2)).toEqual([2, -4, 6]);
    expectClose(normalized([3, 0, 4]), [0.6, 0, 0.8], 15);
    expect(normalized([0, 0, 0])).toEqual([0, 0, 0]);
  });
});

describe('matrices', () => {
  const point = (matrix: Matrix, p: Vector): readonly number[] => transform(matrix, p).slice(0, 3);

  it('multiply so that the last is applied first', () => {
    const moved = multiply(translation([1, 2, 3]), scaling([2, 2, 2]));
    expect(point(moved, [10, 10, 10])).toEqual([21, 22, 23]);
    expect(multiply(identity, moved)).toEqual(moved);
  });

  it('rotate about y from z towards x, and about z from x towards y', () => {
    expectClose(point(rotationY(TAU / 4), [0, 5, 1]), [1, 5, 0], 14);
    expectClose(point(rotationZ(TAU / 4), [1, 0, 5]), [0, 1, 5], 14);
  });

  it('unrotate what they rotate', () => {
    fc.assert(
      fc.property(angle, vector, (a, v) => {
        const rotation = rotationY(a);
        expectClose(unrotate(rotation, point(rotation, v) as unknown as Vector), v);
      }),
    );
  });

  it('look at a target: it lies on the view axis, and the eye at the origin', () => {
    const eye: Vector = [3, 4, 5];
    const target: Vector = [1, -1, 2];
    const view = lookAt(eye, target, [0, 1, 0]);
    expectClose(point(view, eye), [0, 0, 0]);
    const [x, y, z] = point(view, target);
    expectClose([x, y], [0, 0]);
    expect(z).toBeCloseTo(-Math.hypot(2, 5, 3), 9);
    // What is above the target is above it in view space.
    expect(point(view, [1, 0, 2])[1]).toBeGreaterThan(0);
  });

  it('project as the viewport takes it: y down, depth 0 near and 1 far', () => {
    const projection = perspective(2, 0.5, 1, 9);
    const onScreen = (p: Vector): readonly number[] => {
      const [x, y, z, w] = transform(projection, p);
      return [x / w, y / w, z / w];
    };
    expectClose(onScreen([0, 0, -1]), [0, 0, 0]);
    expectClose(onScreen([0, 0, -9]), [0, 0, 1]);
    expectClose(onScreen([2 * 3, 0.5 * 3, -3]).slice(0, 2), [1, -1]);
  });
});
