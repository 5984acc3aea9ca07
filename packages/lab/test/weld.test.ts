import fc from 'fast-check';
import { expect, it } from 'vitest';
import { weld } from '../src/weld.ts';

it('gives each row the number of the first row that equals it', () => {
  const rows = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(rows, (pairs) => {
      const keys = pairs.map(String);
      expect([...weld(Uint32Array.from(pairs.flat()), 2)]).toEqual(
        keys.map((key) => keys.indexOf(key)),
      );
    }),
  );
});

it('compares all words of a row', () => {
  expect([...weld(Uint32Array.of(1, 2, 3, 1, 2, 4, 1, 2, 3), 3)]).toEqual([0, 1, 0]);
});
