import { describe, expect, it } from 'vitest';
import { Random } from '../src/random.ts';

function words(seed: number, count: number): number[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => random.next());
}

describe('Random', () => {
  it('follows Marsaglia’s xorshift32 with shifts 13, 17, 5', () => {
    const random = new Random(7);
    let x = BigInt(random.next());
    for (let i = 0; i < 100; i++) {
      x ^= (x << 13n) & 0xffffffffn;
      x ^= x >> 17n;
      x ^= (x << 5n) & 0xffffffffn;
      expect(random.next()).toBe(Number(x));
    }
  });

  it('repeats for a seed, and differs for its neighbours', () => {
    expect(words(1, 8)).toEqual(words(1, 8));
    const firsts = Array.from({ length: 1000 }, (_, seed) => words(seed, 1)[0]);
    expect(new Set(firsts).size).toBe(1000);
    const mean = firsts.reduce((sum, word) => sum + word, 0) / firsts.length / 2 ** 32;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  });

  it('takes any seed: a word, a negative one, a fraction', () => {
    for (const seed of [0, 0xffffffff, -1, 1.5, 2 ** 40]) {
      expect(words(seed, 4).every((word) => word > 0 && word <= 0xffffffff)).toBe(true);
    }
  });

  it('gives whole numbers below a count, each of them', () => {
    const random = new Random(3);
    const seen = new Set(Array.from({ length: 200 }, () => random.below(6)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('gives fractions from 0 to below 1', () => {
    const random = new Random(4);
    for (let i = 0; i < 1000; i++) {
      const unit = random.unit();
      expect(unit >= 0 && unit < 1).toBe(true);
    }
  });
});
