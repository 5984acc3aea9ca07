import { describe, expect, it } from 'vitest';
import { outcode, volume } from '../../src/bell/volume.ts';

describe('outcode', () => {
  it.each([
    ['inside', 0, 0, 0.5, 1, 0],
    ['on the near plane', 0, 0, 0, 1, 0],
    ['on the far plane', 0, 0, 1, 1, 0],
    ['before the near plane', 0, 0, -0.001, 1, 0b0000010],
    ['behind the far plane', 0, 0, 1.001, 1, 0b0000100],
    ['far left', -8193, 0, 0.5, 1, 0b0001000],
    ['far right', 8193, 0, 0.5, 1, 0b0010000],
    ['far up', 0, -16385, 0.5, 2, 0b0100000],
    ['far down', 0, 16385, 0.5, 2, 0b1000000],
    ['behind the viewer', 0, 0, -1, -1, 0b1111011],
    ['at the viewer', 0, 0, 0, 0, 0b0000001],
  ])('knows a point %s', (_, x, y, z, w, code) => {
    expect(outcode(x, y, z, w)).toBe(code);
  });

  it.each([
    [NaN, 0, 0, 1],
    [0, Infinity, 0, 1],
    [0, 0, -Infinity, 1],
    [0, 0, 0, NaN],
  ])('sets points apart that are not finite', (x, y, z, w) => {
    expect(outcode(x, y, z, w)).toBe(volume.NOT_FINITE);
  });
});
