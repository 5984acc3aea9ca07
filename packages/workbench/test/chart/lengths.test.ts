import { describe, expect, test } from 'vitest';
import { keptLongest, largest, lengths } from '../../src/chart/lengths.ts';

describe('lengths', () => {
  test('the largest count has the whole length, the others their share of it', () => {
    expect(lengths([50, 200])).toEqual([0.25, 1]);
    expect(lengths([3, 3])).toEqual([1, 1]);
  });

  test('of nothing there is no bar, of very little there is one', () => {
    const [none, little, much] = lengths([0, 2, 20_000]);
    expect(none).toBe(0);
    expect(little).toBeGreaterThan(0);
    expect(much).toBe(1);
    expect(lengths([0, 0])).toEqual([0, 0]);
  });

  test('what is not known has no bar, and does not change those that are', () => {
    expect(lengths([undefined, 4, null])).toEqual([0, 1, 0]);
  });

  test('beside a given longest: no bar is longer than its place', () => {
    expect(lengths([5, 20], 10)).toEqual([0.5, 1]);
    expect(lengths([5], 0)).toEqual([0]);
  });
});

test('largest: of what is known', () => {
  expect(largest([1, undefined, 7, null])).toBe(7);
  expect(largest([])).toBe(0);
});

describe('keptLongest', () => {
  test('at the usual prices it is the largest', () => {
    expect(keptLongest(20, [1, 8], true)).toBe(8);
  });

  test('at other prices cheaper is shorter, and dearer makes room for itself', () => {
    expect(keptLongest(20, [1, 8], false)).toBe(20);
    expect(keptLongest(20, [1, 30], false)).toBe(30);
  });
});
