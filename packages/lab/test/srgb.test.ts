import { describe, expect, it } from 'vitest';
import { encodeSrgb } from '../src/srgb.ts';

/** IEC 61966-2-1, with the host's powers. */
function reference(linear: number): number {
  const encoded = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return encoded * 255;
}

describe('encodeSrgb', () => {
  it('gives the nearest code for each light', () => {
    for (let i = 0; i <= 20000; i++) {
      const exact = reference(i / 20000);
      // The standard's two pieces do not quite meet, so the last half hundredth is left open.
      expect(Math.abs(encodeSrgb(i / 20000) - exact)).toBeLessThanOrEqual(0.505);
    }
  });

  it('gives the codes that are known', () => {
    expect([0, 0.5, 1].map(encodeSrgb)).toEqual([0, 188, 255]);
    expect(encodeSrgb(0.2140411)).toBe(127);
    expect(encodeSrgb(0.2158605)).toBe(128);
  });

  it('holds what is outside of 0 to 1 to the ends', () => {
    expect([-1, 2].map(encodeSrgb)).toEqual([0, 255]);
  });
});
