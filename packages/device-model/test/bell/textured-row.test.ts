import { filters } from '@doorbell/abi';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Surface } from '../../src/bell/surface.ts';
import { Canvas, type Corner, MARGIN, pixel, surface, WHITE } from './canvas.ts';

const { NEAREST, BILINEAR } = filters;

function noise(width: number, height: number): Surface {
  const made = surface(width, height, 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      made.words[made.base + y * made.stride + x] = Math.imul(x * 31 + y * 77 + 1, 2654435761);
    }
  }
  return made;
}

/** Red values in a row. */
function stripe(...values: number[]): Surface {
  return {
    words: Uint32Array.from(values),
    base: 0,
    stride: values.length,
    width: values.length,
    height: 1,
  };
}

/** Two triangles over the whole canvas, with texture coordinates from (u0, v0) to (u1, v1). */
function quad(
  canvas: Canvas,
  [u0, v0, u1, v1]: readonly [number, number, number, number],
  color = WHITE,
): Corner[] {
  const { width, height } = canvas.color;
  const topLeft = { x: 0, y: 0, u: u0, v: v0, color };
  const bottomLeft = { x: 0, y: height, u: u0, v: v1, color };
  const topRight = { x: width, y: 0, u: u1, v: v0, color };
  const bottomRight = { x: width, y: height, u: u1, v: v1, color };
  return [topLeft, bottomLeft, topRight, topRight, bottomLeft, bottomRight];
}

describe('a textured row', () => {
  it.each([
    [NEAREST, 16, 16],
    [BILINEAR, 16, 16],
    [NEAREST, 13, 7],
    [BILINEAR, 13, 7],
  ])('reproduces a texture at its own size (filter %i, %i × %i)', (filter, width, height) => {
    const canvas = new Canvas(width, height);
    const texture = noise(width, height);
    canvas.renderer.setTexture(texture, filter);
    canvas.draw(quad(canvas, [0, 0, 1, 1]));
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        expect([x, y, canvas.at(x, y)]).toEqual([x, y, pixel(texture, x, y)]);
      }
    }
  });

  it.each([NEAREST, BILINEAR])('repeats in both directions, also below 0 (filter %i)', (filter) => {
    const canvas = new Canvas(20, 14);
    const texture = noise(5, 7);
    canvas.renderer.setTexture(texture, filter);
    canvas.draw(quad(canvas, [-3, 8, 1, 10]));
    for (let y = 0; y < 14; y++) {
      for (let x = 0; x < 20; x++) {
        expect([x, y, canvas.at(x, y)]).toEqual([x, y, pixel(texture, x % 5, y % 7)]);
      }
    }
  });

  it('mixes the texels around a centre, across the seam too', () => {
    const canvas = new Canvas(4, 1);
    canvas.renderer.setTexture(stripe(0, 255), BILINEAR);
    canvas.draw(quad(canvas, [0, 0, 1, 1]));
    // Centres fall on -¼, ¼, ¾ and 1¼: 63.75 and 191.25, to the nearest.
    expect([0, 1, 2, 3].map((x) => canvas.at(x, 0))).toEqual([64, 64, 191, 191]);
  });

  it('mixes the last row with the first', () => {
    const canvas = new Canvas(1, 4);
    const words = Uint32Array.of(0, 255);
    canvas.renderer.setTexture({ words, base: 0, stride: 1, width: 1, height: 2 }, BILINEAR);
    canvas.draw(quad(canvas, [0, 0, 1, 1]));
    expect([0, 1, 2, 3].map((y) => canvas.at(0, y))).toEqual([64, 64, 191, 191]);
  });

  it('mixes across, then down', () => {
    const canvas = new Canvas(1, 1);
    const words = Uint32Array.of(0, 100, 200, 20);
    canvas.renderer.setTexture({ words, base: 0, stride: 2, width: 2, height: 2 }, BILINEAR);
    // The centre is at u = v = ½ + ¼ / 2 + ¼ of a texel: ¼ of the way between four texels.
    canvas.draw(quad(canvas, [0.125, 0.125, 0.625, 0.625]));
    // Across: 25 and 155. Down: 57.5, ties up.
    expect(canvas.at(0, 0)).toBe(58);
  });

  it('takes the nearest texel', () => {
    const canvas = new Canvas(6, 1);
    canvas.renderer.setTexture(stripe(10, 20, 30), NEAREST);
    canvas.draw(quad(canvas, [0, 0, 1, 1]));
    expect([0, 1, 2, 3, 4, 5].map((x) => canvas.at(x, 0))).toEqual([10, 10, 20, 20, 30, 30]);
  });

  it('multiplies texels by the colour', () => {
    const canvas = new Canvas(2, 2);
    canvas.renderer.setTexture(stripe(0xff_80_40_c8), NEAREST);
    canvas.draw(quad(canvas, [0, 0, 1, 1], 0x80_ff_80_64));
    // 200 × 100 / 255 = 78.4, 64 × 128 / 255 = 32.1, 128, 128
    expect(canvas.at(1, 1)).toBe(0x80_80_20_4e);
    canvas.renderer.setTexture(stripe(0xff_80_40_c8), BILINEAR);
    canvas.draw(quad(canvas, [0, 0, 1, 1], 0x80_ff_80_64));
    expect(canvas.at(0, 0)).toBe(0x80_80_20_4e);
  });

  it('interpolates coordinates in perspective', () => {
    const canvas = new Canvas(16, 16);
    // Positions are x · w, y · w and w; the left is at w = 1, the right at w = 3.
    canvas.renderer.setTransform(
      [1 / 8, 0, 0, 0, 0, 1 / 8, 0, 0, -1, -1, 0.25, 1, 0, 0, 0, 0],
      0,
      0,
      0,
      1,
    );
    canvas.renderer.setTexture(stripe(...Array.from({ length: 64 }, (_, n) => n + 1)), NEAREST);
    const corner = (x: number, y: number, w: number): number[] => [
      x * w,
      y * w,
      w,
      0,
      0,
      0,
      x / 16,
      0,
      0,
    ];
    const corners = [corner(0, 0, 1), corner(0, 16, 1), corner(16, 0, 3), corner(16, 16, 3)];
    canvas.drawRaw(
      Float32Array.from(corners.flat()),
      [WHITE, WHITE, WHITE, WHITE],
      [0, 1, 2, 2, 1, 3],
    );
    for (let x = 0; x < 16; x++) {
      const t = (x + 0.5) / 16;
      const u = t / 3 / (1 - t + t / 3);
      expect([x, canvas.at(x, 4)]).toEqual([x, Math.floor(u * 64) + 1]);
    }
  });

  it('reads nothing outside of the texture, wherever coordinates lead', () => {
    const uv = fc.oneof(
      fc.float(),
      fc.float({ min: -9, max: 9 }),
      fc.float({ min: -262144, max: 262144 }),
    );
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.tuple(uv, uv, uv, uv), size, size, (coordinates, width, height) => {
        const canvas = new Canvas(8, 8);
        for (const filter of [NEAREST, BILINEAR]) {
          canvas.renderer.setTexture(surface(width, height, 0x01020304), filter);
          canvas.draw(quad(canvas, coordinates));
          expect(new Set(canvas.color.words)).toEqual(new Set([MARGIN, 0x01020304]));
        }
      }),
    );
  });
});
