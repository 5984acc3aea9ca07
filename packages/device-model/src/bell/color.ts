/**
 * Arithmetic on pixels: R in bits 7:0, G 15:8, B 23:16, A 31:24. All of it is exact integer
 * arithmetic with the rounding stated, so that every host computes the same bits.
 */

/** x / 255 to the nearest, for x from 0 to 65025. There are no ties, because 255 is odd. */
function over255(x: number): number {
  const biased = x + 128;
  return (biased + (biased >>> 8)) >>> 8;
}

/**
 * `a` and `b` mixed in each channel: (a × (256 − t) + b × t) / 256 to the nearest, ties up; t
 * from 0 to 256. Two channels are worked on at once, 16 bits for each.
 */
export function mix(a: number, b: number, t: number): number {
  const s = 256 - t;
  const even = Math.imul(a & 0xff00ff, s) + Math.imul(b & 0xff00ff, t) + 0x800080;
  const odd = Math.imul((a >>> 8) & 0xff00ff, s) + Math.imul((b >>> 8) & 0xff00ff, t) + 0x800080;
  return ((even >>> 8) & 0xff00ff) | (odd & 0xff00ff00);
}

/**
 * `texel` times a colour of four channels, each from 0 to 255 where 255 is one; to the nearest.
 * A fraction of a channel is dropped first.
 */
export function modulate(texel: number, r: number, g: number, b: number, a: number): number {
  return (
    over255(Math.imul(texel & 255, r)) |
    (over255(Math.imul((texel >>> 8) & 255, g)) << 8) |
    (over255(Math.imul((texel >>> 16) & 255, b)) << 16) |
    (over255(Math.imul(texel >>> 24, a)) << 24)
  );
}

/** One channel of two pixels, weighted; to the nearest, ties up. */
function weighted(a: number, weightA: number, b: number, weightB: number, shift: number): number {
  const total = weightA + weightB;
  const sum = ((a >>> shift) & 255) * weightA + ((b >>> shift) & 255) * weightB;
  return Math.floor((sum + (total >>> 1)) / total) << shift;
}

/**
 * Porter and Duff's "over" with straight (not premultiplied) alpha. With alphas as fractions:
 * A = As + Ad × (1 − As) and C = (Cs × As + Cd × Ad × (1 − As)) / A, each to the nearest with
 * ties up. A source that is wholly transparent leaves the destination as it is.
 */
export function over(source: number, destination: number): number {
  const alpha = source >>> 24;
  if (alpha === 255) {
    return source;
  }
  if (alpha === 0) {
    return destination;
  }
  const weightS = alpha * 255;
  const weightD = (destination >>> 24) * (255 - alpha);
  return (
    weighted(source, weightS, destination, weightD, 0) |
    weighted(source, weightS, destination, weightD, 8) |
    weighted(source, weightS, destination, weightD, 16) |
    (over255(weightS + weightD) << 24)
  );
}
