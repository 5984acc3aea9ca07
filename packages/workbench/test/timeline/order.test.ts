import fc from 'fast-check';
import { expect, it } from 'vitest';
import { countBefore, orderOf } from '../../src/timeline/order.ts';

const times = fc.array(fc.integer({ min: -20, max: 20 })).map((all) => Float64Array.from(all));

it('sorts places by time, and keeps equals in their order', () => {
  fc.assert(
    fc.property(times, (all) => {
      const expected = [...all.keys()].sort((one, other) => all[one] - all[other] || one - other);
      expect([...orderOf(all)]).toEqual(expected);
    }),
  );
});

it('counts what comes before a time, from any place before it', () => {
  fc.assert(
    fc.property(times, fc.integer({ min: -22, max: 22 }), fc.nat(), (all, time, from) => {
      const sorted = all.toSorted();
      const expected = sorted.filter((each) => each < time).length;
      expect(countBefore(sorted, time)).toBe(expected);
      expect(countBefore(sorted, time, from % (expected + 1))).toBe(expected);
    }),
  );
});
