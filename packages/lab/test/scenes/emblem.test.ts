import { expect, it } from 'vitest';
import { emblem } from '../../src/scenes/emblem.ts';

it('is a round picture: bright in the middle, clear at the corners, smooth at its rim', () => {
  const { width, height, pixels } = emblem(64);
  const alpha = (x: number, y: number): number => pixels[(y * width + x) * 4 + 3];
  expect([width, height]).toEqual([64, 64]);
  const middle = pixels.subarray((32 * 64 + 32) * 4, (32 * 64 + 33) * 4);
  expect(Math.min(...middle)).toBeGreaterThan(220);
  expect([alpha(0, 0), alpha(63, 0), alpha(0, 63), alpha(63, 63)]).toEqual([0, 0, 0, 0]);
  const rim = new Set(Array.from({ length: 64 }, (_, x) => alpha(x, 32)));
  expect([...rim].some((value) => value > 0 && value < 255)).toBe(true);
  for (let y = 0; y < 64; y++) {
    for (let x = 0; x < 32; x++) {
      expect(alpha(x, y)).toBe(alpha(63 - x, y));
    }
  }
});
