/**
 * How a vertex lies in the 3D engine's memory: doubles, one slot after the other. A triangle's
 * planes are numbered like the fields. Hot files take these tables apart into constants of
 * their own: JavaScript engines fold those, but load what is imported each time it is used.
 */
export const slotLayout = {
  /** Homogeneous screen coordinates: divided by W, X and Y are pixels and Z is depth from 0 to 1. */
  X: 0,
  Y: 1,
  Z: 2,
  W: 3,
  /** In repetitions of the texture. */
  U: 4,
  V: 5,
  /** 1 / W: made by projection. */
  Q: 6,
  /** Lit, 0 to 255, and the half that makes truncation a rounding to the nearest. */
  R: 7,
  G: 8,
  B: 9,
  A: 10,
  /** 0 to 0xffffff, and a half as above: made by projection. */
  DEPTH: 11,
  /** Fields in all, and how many of them, from the first on, clipping interpolates. */
  LENGTH: 12,
  CLIPPED: 11,
} as const;
