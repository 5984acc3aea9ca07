/** Linear light to the sRGB transfer function (IEC 61966-2-1), without Math.pow. */

/** x^2.4 for x from 0 to 1: x² times the fifth root of x², by Newton's method from above. */
function power24(x: number): number {
  const square = x * x;
  let root = 1;
  for (let step = 0; step < 40; step++) {
    const fourth = root * root * root * root;
    root = (4 * root + square / fourth) / 5;
  }
  return square * root;
}

function toLinear(encoded: number): number {
  return encoded <= 0.04045 ? encoded / 12.92 : power24((encoded + 0.055) / 1.055);
}

/** Where one code ends and the next begins. */
const thresholds = Float64Array.from({ length: 255 }, (_, code) => toLinear((code + 0.5) / 255));

/** The code, 0 to 255, that is nearest to `linear`, 0 to 1. */
export function encodeSrgb(linear: number): number {
  let low = 0;
  let high = 255;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (linear > thresholds[middle]) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
