import { blends, filters } from '@doorbell/abi';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blit } from '../../src/bell/blit.ts';
import type { Surface } from '../../src/bell/surface.ts';
import { damage, pixel, surface } from './canvas.ts';

const { NEAREST, BILINEAR } = filters;
const { NONE, OVER } = blends;

function image(width: number, height: number, at: (x: number, y: number) => number): Surface {
  const made = surface(width, height, 0);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      made.words[made.base + y * made.stride + x] = at(x, y);
    }
  }
  return made;
}

/** Pixels row by row. */
const rows = (of: Surface): number[][] =>
  Array.from({ length: of.height }, (_, y) =>
    Array.from({ length: of.width }, (__, x) => pixel(of, x, y)),
  );

/** A row of red values scaled to `width` pixels. */
function scaled(values: number[], width: number, filter: number): number[] {
  const to = surface(width, 1, 0);
  blit(
    to,
    image(values.length, 1, (x) => values[x]),
    filter,
    NONE,
  );
  expect(damage(to)).toBe(0);
  return rows(to)[0];
}

describe('blit', () => {
  it.each([NEAREST, BILINEAR])('copies at the same size (filter %i)', (filter) => {
    const from = image(7, 5, (x, y) => Math.imul(x * 31 + y * 77 + 1, 2654435761) >>> 0);
    const to = surface(7, 5, 0);
    blit(to, from, filter, NONE);
    expect(rows(to)).toEqual(rows(from));
  });

  it('repeats the nearest pixel', () => {
    expect(scaled([10, 20], 4, NEAREST)).toEqual([10, 10, 20, 20]);
    // Centres at ½, 1½ and 2½ of 3 fall on 5/6, 2½ and 4 1/6 of 5.
    expect(scaled([1, 2, 3, 4, 5], 3, NEAREST)).toEqual([1, 3, 5]);
  });

  it('mixes what lies around, and clamps at the edges', () => {
    // Centres fall on -¼, ¼, ¾ and 1¼ from the first centre; 63.75 and 191.25 are to the nearest.
    expect(scaled([0, 255], 4, BILINEAR)).toEqual([0, 64, 191, 255]);
    // The fourth centre falls on 1.6: 153.6/256 beyond the second, to the nearest 154.
    expect(scaled([0, 0, 255], 5, BILINEAR)).toEqual([0, 0, 0, 153, 255]);
    // A half lies between: 127.5, ties up.
    expect(scaled([0, 255, 0, 100], 2, BILINEAR)).toEqual([128, 50]);
  });

  it('mixes downwards as it does across', () => {
    const from = image(2, 2, (x, y) => [0, 80, 160, 240][x + 2 * y]);
    const to = surface(4, 4, 0);
    blit(to, from, BILINEAR, NONE);
    expect(rows(to)).toEqual([
      [0, 20, 60, 80],
      [40, 60, 100, 120],
      [120, 140, 180, 200],
      [160, 180, 220, 240],
    ]);
  });

  it('blends what it scaled', () => {
    const from = image(1, 1, () => 0x80_00_64_c8);
    const to = surface(2, 1, 0xff_ff_64_00);
    blit(to, from, NEAREST, OVER);
    expect(rows(to)).toEqual([[0xff_7f_64_64, 0xff_7f_64_64]]);
    const mixed = surface(2, 1, 0xff_ff_64_00);
    blit(mixed, from, BILINEAR, OVER);
    expect(rows(mixed)).toEqual([[0xff_7f_64_64, 0xff_7f_64_64]]);
  });

  it('does nothing without pixels on either side', () => {
    const to = surface(2, 2, 7);
    blit(to, surface(0, 4, 0), BILINEAR, NONE);
    blit(surface(0, 0, 0), to, BILINEAR, NONE);
    expect(rows(to)).toEqual([
      [7, 7],
      [7, 7],
    ]);
  });

  it('stays within the source and the destination at every size', () => {
    const size = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(
        size,
        size,
        size,
        size,
        fc.constantFrom(NEAREST, BILINEAR),
        (w, h, dw, dh, filter) => {
          const to = surface(dw, dh, 0);
          blit(to, surface(w, h, 0x01020304), filter, NONE);
          expect(damage(to)).toBe(0);
          expect(new Set(rows(to).flat())).toEqual(new Set([0x01020304]));
        },
      ),
    );
  });
});
