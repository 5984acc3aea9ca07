/**
 * Arithmetic that gives the same bits in every engine. ECMAScript defines + - * / exactly and
 * leaves Math.sqrt, Math.sin and their like to the implementation, so these are made of the
 * former.
 */

const double = new Float64Array(1);
const halves = new Uint32Array(double.buffer);

/** The square root, to within one unit in the last place. Of a negative number: NaN. */
export function sqrt(x: number): number {
  if (!(x > 0) || x === Infinity) {
    return x === 0 || x === Infinity ? x : NaN;
  }
  if (x < 2 ** -1000) {
    return sqrt(x * 2 ** 200) / 2 ** 100;
  }
  // Half the exponent gives the root to 6 %; each step of Newton's method doubles the digits.
  double[0] = x;
  halves[1] = (halves[1] >>> 1) + 0x1ff80000;
  let root = double[0];
  for (let step = 0; step < 5; step++) {
    root = 0.5 * (root + x / root);
  }
  return root;
}

export const TAU = 2 * Math.PI;

// π/2 in two parts. The first has 33 bits, so that its product with a small integer is exact.
const QUARTER_HIGH = 1.5707963267341256;
const QUARTER_LOW = 6.077100506506192e-11;

const sineTerms = [
  1 / 6,
  1 / 120,
  1 / 5040,
  1 / 362880,
  1 / 39916800,
  1 / 6227020800,
  1 / 1307674368000,
];
const cosineTerms = [
  1 / 2,
  1 / 24,
  1 / 720,
  1 / 40320,
  1 / 3628800,
  1 / 479001600,
  1 / 87178291200,
  1 / 20922789888000,
];

/** 1 - s (t0 - s (t1 - s (t2 - …))): a Taylor series in the square of its variable. */
function alternating(terms: readonly number[], s: number): number {
  let sum = 0;
  for (let i = terms.length - 1; i >= 0; i--) {
    sum = s * (terms[i] - sum);
  }
  return 1 - sum;
}

/** The sine of `x` + `quarters` quarter turns. Of angles below 10^5, to within 10^-15. */
function sineOf(x: number, quarters: number): number {
  const turns = Math.round(x / (Math.PI / 2));
  const r = x - turns * QUARTER_HIGH - turns * QUARTER_LOW;
  const quadrant = (turns + quarters) & 3;
  const value =
    (quadrant & 1) === 0 ? r * alternating(sineTerms, r * r) : alternating(cosineTerms, r * r);
  return quadrant < 2 ? value : -value;
}

export function sin(radians: number): number {
  return sineOf(radians, 0);
}

export function cos(radians: number): number {
  return sineOf(radians, 1);
}

export type Vector = readonly [number, number, number];

export function subtract(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function scaled(a: Vector, factor: number): Vector {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** The same direction with length 1; the zero vector stays. */
export function normalized(a: Vector): Vector {
  const length = sqrt(dot(a, a));
  return length === 0 ? a : scaled(a, 1 / length);
}

/** 16 numbers, column by column; applied to column vectors. */
export type Matrix = readonly number[];

export const identity: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/** The product: the last matrix is applied first. */
export function multiply(...matrices: readonly Matrix[]): Matrix {
  return matrices.reduce((a, b) => {
    const product: number[] = [];
    for (let column = 0; column < 16; column += 4) {
      for (let row = 0; row < 4; row++) {
        let sum = 0;
        for (let k = 0; k < 4; k++) {
          sum += a[row + 4 * k] * b[column + k];
        }
        product.push(sum);
      }
    }
    return product;
  });
}

export function translation(by: Vector): Matrix {
  return [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, by[0], by[1], by[2], 1];
}

export function scaling(by: Vector): Matrix {
  return [by[0], 0, 0, 0, 0, by[1], 0, 0, 0, 0, by[2], 0, 0, 0, 0, 1];
}

/** About the y axis: from z towards x. */
export function rotationY(radians: number): Matrix {
  const c = cos(radians);
  const s = sin(radians);
  return [c, 0, -s, 0, 0, 1, 0, 0, s, 0, c, 0, 0, 0, 0, 1];
}

/** About the z axis: from x towards y. */
export function rotationZ(radians: number): Matrix {
  const c = cos(radians);
  const s = sin(radians);
  return [c, s, 0, 0, -s, c, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
}

/** World to view space: the eye at the origin, looking down -z, y up. */
export function lookAt(eye: Vector, target: Vector, up: Vector): Matrix {
  const back = normalized(subtract(eye, target));
  const right = normalized(cross(up, back));
  const top = cross(back, right);
  return [
    ...[right[0], top[0], back[0], 0],
    ...[right[1], top[1], back[1], 0],
    ...[right[2], top[2], back[2], 0],
    ...[-dot(right, eye), -dot(top, eye), -dot(back, eye), 1],
  ];
}

/**
 * View to clip space, as bell's viewport takes it: y down, depth 0 at `near` and 1 at `far`.
 * `tanX` and `tanY` are the tangents of half the fields of view.
 */
export function perspective(tanX: number, tanY: number, near: number, far: number): Matrix {
  const depth = far / (near - far);
  return [1 / tanX, 0, 0, 0, 0, -1 / tanY, 0, 0, 0, 0, depth, -1, 0, 0, near * depth, 0];
}

/** A point through a matrix, before the division by w. */
export function transform(
  matrix: Matrix,
  [x, y, z]: Vector,
): readonly [number, number, number, number] {
  const row = (i: number): number =>
    matrix[i] * x + matrix[i + 4] * y + matrix[i + 8] * z + matrix[i + 12];
  return [row(0), row(1), row(2), row(3)];
}

/** A direction through the transpose of a matrix: through the inverse, where the matrix rotates. */
export function unrotate(matrix: Matrix, [x, y, z]: Vector): Vector {
  const column = (i: number): number => matrix[i] * x + matrix[i + 1] * y + matrix[i + 2] * z;
  return [column(0), column(4), column(8)];
}
