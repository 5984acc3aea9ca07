import { describe, expect, it } from 'vitest';
import type { Picture } from '../src/picture.ts';
import { RoundingComparison } from '../src/rounding.ts';

const SIDE = 32;

/** Of one channel, as `value` has it; the others are 0. */
function picture(value: (x: number, y: number) => number): Picture {
  const pixels = new Uint8Array(SIDE * SIDE * 4);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      pixels[(y * SIDE + x) * 4] = value(x, y);
    }
  }
  return { width: SIDE, height: SIDE, pixels };
}

function compared(reference: Picture, seen: Picture, isComplete = true) {
  const comparison = new RoundingComparison();
  comparison.add(reference, seen);
  return comparison.report(isComplete);
}

const flat = picture(() => 100);
/** A disc, black on white, moved to the right. */
const disc = (right: number): Picture =>
  picture((x, y) => ((x - right - 16) ** 2 + (y - 16) ** 2 < 100 ? 0 : 255));

describe('the bounds of a renderer that may round otherwise', () => {
  it('are kept by the same picture', () => {
    expect(compared(disc(0), disc(0))).toMatchObject({
      ...{ maxDelta: 0, differing: 0, bound: 1, within: true },
      edges: { differing: 0, bound: 1 / 16, maxDelta: 0 },
    });
  });

  it('are kept by the next level, and not by the one after it, where nothing varies', () => {
    const next = compared(
      flat,
      picture(() => 101),
    );
    expect(next).toMatchObject({ maxDelta: 1, differing: SIDE * SIDE, within: true });
    const one = picture((x, y) => (x === 3 && y === 4 ? 98 : 100));
    expect(compared(flat, one)).toMatchObject({ maxDelta: 2, differing: 1, within: false });
  });

  it('are kept by a few pixels at an edge that are on its other side', () => {
    const moved = picture((x, y) => (x === 6 && y === 16 ? 0 : disc(0).pixels[(y * SIDE + x) * 4]));
    const { edges, ...others } = compared(disc(0), moved);
    expect(others).toMatchObject({ maxDelta: 0, differing: 1, within: true });
    expect(edges).toMatchObject({ differing: 1, maxDelta: 255 });
  });

  it('are not kept by a picture that is a pixel off, nor by a hole away from the edge', () => {
    expect(compared(disc(0), disc(1)).within).toBe(false);
    const hole = picture((x, y) =>
      x === 16 && y === 16 ? 255 : disc(0).pixels[(y * SIDE + x) * 4],
    );
    expect(compared(disc(0), hole)).toMatchObject({ maxDelta: 255, within: false });
  });

  it('are not kept where frames are missing, or of another size', () => {
    expect(compared(flat, flat, false).within).toBe(false);
    const smaller = { width: 1, height: 1, pixels: new Uint8Array(4) };
    expect(compared(flat, smaller).within).toBe(false);
  });
});
