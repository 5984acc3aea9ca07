import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Edge, firstCentre } from '../../src/bell/edge.ts';

describe('firstCentre', () => {
  it('is the first whose centre, at 128 + 256 n, is at or beyond', () => {
    expect([-129, -128, -127, 127, 128, 129, 384, 385].map(firstCentre)).toEqual([
      -1, -1, 0, 0, 0, 1, 1, 2,
    ]);
  });
});

/** ceil((x - 128) / 256) where the line from a to b crosses the row's centres, over unbounded integers. */
function crossing(ax: number, ay: number, bx: number, by: number, row: number): number {
  const height = BigInt(by - ay);
  const below = BigInt(row) * 256n + 128n - BigInt(ay);
  const numerator = BigInt(ax - 128) * height + BigInt(bx - ax) * below;
  const unit = height * 256n;
  const floor = numerator / unit - (numerator % unit < 0n ? 1n : 0n);
  return Number(floor * unit === numerator ? floor : floor + 1n);
}

describe('Edge', () => {
  it('walks down a steep line that leans right', () => {
    const edge = new Edge();
    // One pixel right in four rows, from the corner of pixel (1, 0).
    edge.start(256, 0, 512, 1024, 0);
    const pixels = [0, 1, 2, 3].map(() => {
      const { pixel } = edge;
      edge.next();
      return pixel;
    });
    // It is at 1 1/8, 1 3/8, 1 5/8 and 1 7/8.
    expect(pixels).toEqual([1, 1, 2, 2]);
  });

  it('gives a centre on the line to the right', () => {
    const edge = new Edge();
    edge.start(128, 0, 128, 512, 0);
    expect(edge.pixel).toBe(0);
    edge.start(129, 0, 129, 512, 0);
    expect(edge.pixel).toBe(1);
  });

  const places = [2 ** 21, 4096, 512].map((most) => fc.integer({ min: -most, max: most }));
  const place = fc.oneof(...places);
  it('never leaves the line, however long', () => {
    fc.assert(
      fc.property(place, place, place, place, fc.nat(), (ax, ay, bx, by, pick) => {
        const [top, bottom] = [Math.min(ay, by), Math.max(ay, by)];
        const rows = firstCentre(bottom) - firstCentre(top);
        fc.pre(rows > 0);
        const first = firstCentre(top) + (pick % rows);
        const edge = new Edge();
        edge.start(ax, top, bx, bottom, first);
        for (let row = first; row < Math.min(first + 40, firstCentre(bottom)); row++) {
          expect(edge.pixel).toBe(crossing(ax, top, bx, bottom, row));
          edge.next();
        }
      }),
      { numRuns: 300 },
    );
  });
});
