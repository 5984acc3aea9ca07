/**
 * A generator of pseudo-random numbers on 32-bit words, so that a seed gives the same scene
 * everywhere: Marsaglia's xorshift32 (Xorshift RNGs, 2003), its seed mixed by MurmurHash3's
 * finaliser so that neighbouring seeds do not start alike.
 */
export class Random {
  private state: number;

  constructor(seed: number) {
    let mixed = Math.imul((seed | 0) ^ 0x9e3779b9, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    // Zero is the one state that xorshift never leaves.
    this.state = (mixed ^ (mixed >>> 16)) >>> 0 || 1;
  }

  /** A word. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x >>> 0;
    return this.state;
  }

  /** From 0 to below 1. */
  unit(): number {
    return this.next() / 2 ** 32;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }
}
