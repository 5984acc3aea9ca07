import { PAGE_BYTES } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressSpace } from '../../src/assisted/address-space.ts';

test('gives the lowest run that is free and long enough, as a page of paper would', () => {
  const step = fc.record({
    pages: fc.integer({ min: 1, max: 5 }),
    gives: fc.boolean(),
    which: fc.nat(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const space = new AddressSpace(3);
      const cells = new Set<number>();
      const taken: [va: number, pages: number][] = [];
      for (const { pages, gives, which } of steps) {
        if (gives && taken.length > 0) {
          const [[va, count]] = taken.splice(which % taken.length, 1);
          space.give(va, count);
          for (let page = 0; page < count; page++) {
            cells.delete(va / PAGE_BYTES + page);
          }
          continue;
        }
        let first = 3;
        const isFree = (): boolean =>
          Array.from({ length: pages }, (_, page) => first + page).every(
            (page) => !cells.has(page),
          );
        while (!isFree()) {
          first++;
        }
        expect(space.take(pages)).toBe(first * PAGE_BYTES);
        taken.push([first * PAGE_BYTES, pages]);
        for (let page = 0; page < pages; page++) {
          cells.add(first + page);
        }
      }
    }),
  );
});

test('has 30 bits of addresses, and says so when there are no more', () => {
  const space = new AddressSpace(1);
  const all = 2 ** 18 - 1;
  expect(() => space.take(all + 1)).toThrow(/no 262144 GPU pages/);
  expect(space.take(all)).toBe(PAGE_BYTES);
  expect(() => space.take(1)).toThrow(/no 1 GPU pages/);
});
