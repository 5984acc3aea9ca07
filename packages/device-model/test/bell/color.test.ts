import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mix, modulate, over } from '../../src/bell/color.ts';

const rgba = (r: number, g: number, b: number, a: number): number =>
  ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
const channels = (pixel: number): number[] =>
  [0, 8, 16, 24].map((shift) => (pixel >>> shift) & 255);
const word = fc.integer({ min: 0, max: 0xffffffff });

describe('mix', () => {
  it('weighs in 256ths and rounds to the nearest, ties up', () => {
    expect(mix(rgba(0, 255, 0, 10), rgba(255, 0, 1, 20), 128) >>> 0).toBe(rgba(128, 128, 1, 15));
    expect(mix(rgba(0, 255, 0, 10), rgba(255, 0, 1, 20), 64) >>> 0).toBe(rgba(64, 191, 0, 13));
  });

  it('is either pixel at the ends', () => {
    expect(mix(0x80ff00fe, 0x12345678, 0) >>> 0).toBe(0x80ff00fe);
    expect(mix(0x80ff00fe, 0x12345678, 256) >>> 0).toBe(0x12345678);
  });

  it('keeps channels apart', () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 256 }), (a, b, t) => {
        const to = channels(b);
        const expected = channels(a).map((from, index) =>
          Math.floor((from * (256 - t) + to[index] * t + 128) / 256),
        );
        expect(channels(mix(a, b, t))).toEqual(expected);
      }),
    );
  });
});

describe('modulate', () => {
  it('is the product of fractions of 255, to the nearest, in each channel', () => {
    for (let texel = 0; texel < 256; texel++) {
      for (let color = 0; color < 256; color++) {
        const product = modulate(Math.imul(texel, 0x01010101), color, color, color, color) >>> 0;
        const expected = Math.round((texel * color) / 255);
        if (product !== rgba(expected, expected, expected, expected)) {
          expect.fail(`${texel} × ${color} became 0x${product.toString(16)}`);
        }
      }
    }
  });

  it('multiplies each channel by its own', () => {
    expect(modulate(rgba(255, 128, 10, 200), 100, 255, 0, 51) >>> 0).toBe(rgba(100, 128, 0, 40));
  });
});

describe('over', () => {
  it('blends onto an opaque destination', () => {
    // (200 × 128 + 0 × 127) / 255 = 100.39; 100; 255 × 127 / 255 = 127
    expect(over(rgba(200, 100, 0, 128), rgba(0, 100, 255, 255)) >>> 0).toBe(
      rgba(100, 100, 127, 255),
    );
  });

  it('blends onto a translucent destination, and leaves straight alpha', () => {
    // A = 128 + 128 × 127 / 255 = 191.75; R = 255 × 128 / A = 170.2; B = 255 × 63.75 / A = 84.8
    expect(over(rgba(255, 0, 0, 128), rgba(0, 0, 255, 128)) >>> 0).toBe(rgba(170, 0, 85, 192));
  });

  it('replaces where the source is opaque or the destination transparent', () => {
    expect(over(rgba(1, 2, 3, 255), rgba(9, 9, 9, 77)) >>> 0).toBe(rgba(1, 2, 3, 255));
    expect(over(rgba(1, 2, 3, 4), rgba(9, 9, 9, 0)) >>> 0).toBe(rgba(1, 2, 3, 4));
  });

  it('leaves the destination where the source is transparent', () => {
    expect(over(rgba(1, 2, 3, 0), rgba(9, 8, 7, 6)) >>> 0).toBe(rgba(9, 8, 7, 6));
    expect(over(rgba(1, 2, 3, 0), rgba(9, 8, 7, 0)) >>> 0).toBe(rgba(9, 8, 7, 0));
  });

  it('is the exact quotient to the nearest, ties up', () => {
    fc.assert(
      fc.property(word, word, (source, destination) => {
        const [sr, sg, sb, sa] = channels(source).map(BigInt);
        const [dr, dg, db, da] = channels(destination).map(BigInt);
        fc.pre(sa > 0n);
        const total = sa * 255n + da * (255n - sa);
        const nearest = (over: bigint, under: bigint): number =>
          Number((2n * over + under) / (2n * under));
        const blend = (s: bigint, d: bigint): number =>
          nearest(s * sa * 255n + d * da * (255n - sa), total);
        expect(channels(over(source, destination))).toEqual([
          blend(sr, dr),
          blend(sg, dg),
          blend(sb, db),
          nearest(total, 255n),
        ]);
      }),
    );
  });
});
