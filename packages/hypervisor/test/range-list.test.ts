import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RangeList } from '../src/range-list.ts';

const ranges = fc.array(fc.record({ iova: fc.nat(60), bytes: fc.integer({ min: 1, max: 8 }) }), {
  maxLength: 20,
});

test('it answers as a plain list of bytes does', () => {
  fc.assert(
    fc.property(ranges, fc.nat(60), fc.integer({ min: 1, max: 20 }), (asked, iova, bytes) => {
      const list = new RangeList<{ iova: number; bytes: number }>();
      /** At each address, the range that holds it. */
      const owner: ({ iova: number; bytes: number } | undefined)[] = new Array(100).fill(undefined);
      for (const range of asked) {
        const span = owner.slice(range.iova, range.iova + range.bytes);
        const isTaken = span.some((each) => each !== undefined);
        expect(list.overlaps(range.iova, range.bytes)).toBe(isTaken);
        if (!isTaken) {
          list.add(range);
          owner.fill(range, range.iova, range.iova + range.bytes);
        }
      }
      const all = [...new Set(owner)].filter((each) => each !== undefined);
      expect(list.all()).toEqual(all);
      expect(list.at(iova)).toBe(owner[iova]);
      const within = all.filter((each) => each.iova >= iova && each.iova < iova + bytes);
      expect(list.startingIn(iova, bytes)).toEqual(within);
      const cut = all.some(
        (each) =>
          each.iova < iova + bytes &&
          each.iova + each.bytes > iova &&
          (each.iova < iova || each.iova + each.bytes > iova + bytes),
      );
      expect(list.isCutBy(iova, bytes)).toBe(cut);
      expect(list.takeStartingIn(iova, bytes)).toEqual(within);
      expect(list.size).toBe(all.length - within.length);
    }),
  );
});
