import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FirstFit } from '../../src/bell/first-fit.ts';

it('hands out the lowest run that is long enough', () => {
  const pages = new FirstFit(10, 10);
  expect([pages.allocate(2), pages.allocate(3), pages.allocate(1)]).toEqual([10, 12, 15]);
  pages.release(10, 2);
  expect([pages.allocate(3), pages.allocate(2)]).toEqual([16, 10]);
});

it('says -1 when no run is long enough', () => {
  const pages = new FirstFit(0, 4);
  expect(pages.allocate(5)).toBe(-1);
  expect(pages.allocate(4)).toBe(0);
  expect(pages.allocate(1)).toBe(-1);
});

it('joins neighbours that are free', () => {
  const pages = new FirstFit(0, 3);
  [pages.allocate(1), pages.allocate(1), pages.allocate(1)].forEach((page) => {
    expect(page).toBeGreaterThanOrEqual(0);
  });
  pages.release(0, 1);
  pages.release(2, 1);
  pages.release(1, 1);
  expect(pages.allocate(3)).toBe(0);
});

it('refuses pages that are free already', () => {
  const pages = new FirstFit(0, 8);
  pages.allocate(4);
  expect(() => {
    pages.release(3, 2);
  }).toThrow('free already');
  pages.release(0, 2);
  expect(() => {
    pages.release(1, 1);
  }).toThrow('free already');
});

it('behaves as a plain set of pages does', () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat({ max: 12 })), { maxLength: 200 });
  fc.assert(
    fc.property(steps, (script) => {
      const size = 40;
      const pages = new FirstFit(0, size);
      const free = new Set(Array.from({ length: size }, (_, page) => page));
      const held: [first: number, count: number][] = [];
      for (const [take, n] of script) {
        if (take) {
          const count = n + 1;
          const runs = [...free].filter((first) =>
            Array.from({ length: count }, (_, i) => first + i).every((page) => free.has(page)),
          );
          const expected = runs.length === 0 ? -1 : Math.min(...runs);
          expect(pages.allocate(count)).toBe(expected);
          if (expected >= 0) {
            held.push([expected, count]);
            for (let page = expected; page < expected + count; page++) {
              free.delete(page);
            }
          }
        } else if (held.length > 0) {
          const [[first, count]] = held.splice(n % held.length, 1);
          pages.release(first, count);
          for (let page = first; page < first + count; page++) {
            free.add(page);
          }
        }
      }
      held.forEach(([first, count]) => {
        pages.release(first, count);
      });
      expect(pages.allocate(size)).toBe(0);
    }),
  );
});
