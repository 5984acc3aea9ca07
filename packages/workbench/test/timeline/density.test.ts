import fc from 'fast-check';
import { expect, it } from 'vitest';
import { barsOf } from '../../src/timeline/bars.ts';
import { addCounts, barsWithin, fillCover } from '../../src/timeline/density.ts';

const spans = fc
  .array(fc.record({ start: fc.nat(60), length: fc.integer({ min: 1, max: 30 }) }))
  .map((all) => all.sort((one, other) => one.start - other.start));

function barsFrom(all: readonly { start: number; length: number }[]) {
  return barsOf(
    Uint32Array.from(all, (_, at) => at + 1),
    Float64Array.from(all, ({ start }) => start),
    Float64Array.from(all, ({ start, length }) => start + length),
  );
}

it('counts the events of each column', () => {
  const counts = new Uint32Array(4);
  addCounts(Float64Array.of(0, 10, 11, 12, 25, 39, 40), { from: 0, to: 40 }, counts);
  expect([...counts]).toEqual([1, 3, 1, 1]);
});

it('covers each column by what at least one bar lasts in it', () => {
  fc.assert(
    fc.property(spans, (all) => {
      const parts = new Float32Array(10);
      fillCover(barsFrom(all), { from: 0, to: 80 }, parts);
      const isCovered = (ns: number): boolean =>
        all.some(({ start, length }) => start <= ns && ns < start + length);
      const expected = Array.from(
        { length: 10 },
        (_, column) =>
          Array.from({ length: 8 }, (_, ns) => column * 8 + ns).filter(isCovered).length / 8,
      );
      expect([...parts]).toEqual(expected);
    }),
  );
});

it('misses no bar that can be seen', () => {
  fc.assert(
    fc.property(spans, fc.nat(90), fc.nat(30), (all, from, length) => {
      const to = from + length;
      const { first, end } = barsWithin(barsFrom(all), { from, to });
      const isOutside = (at: number): boolean => at < first || at >= end;
      const isSeen = (at: number): boolean =>
        all[at].start < to && all[at].start + all[at].length > from;
      expect([...all.keys()].filter((at) => isOutside(at) && isSeen(at))).toEqual([]);
    }),
  );
});

it('lays bars that overlap in rows, three at the most', () => {
  const bars = barsFrom([
    { start: 0, length: 10 },
    { start: 1, length: 10 },
    { start: 2, length: 10 },
    { start: 3, length: 10 },
    { start: 10, length: 1 },
  ]);
  expect([...bars.rows]).toEqual([0, 1, 2, 2, 0]);
  expect(bars.rowCount).toBe(3);
});
