import { PAGE_BYTES } from '@doorbell/abi';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MappedRanges } from '../../../src/gpu/channel/mapped-ranges.ts';
import { Refusal } from '../../../src/gpu/refusal.ts';

/** Pages of the address space that the model looks at. */
const PAGES = 24;

it('takes and finds ranges as a page of paper with one cell for each page does', () => {
  const range = fc.record({ first: fc.nat(PAGES), pages: fc.nat(6), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(range, { maxLength: 30 }), (steps) => {
      const ranges = new MappedRanges();
      /** By page: where its range began. */
      const cells = new Map<number, number>();
      for (const { first, pages, remove } of steps) {
        const va = first * PAGE_BYTES;
        if (remove) {
          const begins = cells.get(first) === first;
          expect(succeeds(() => ranges.remove(ranges.at(va)))).toBe(begins);
          [...cells]
            .filter(([, start]) => begins && start === first)
            .forEach(([page]) => {
              cells.delete(page);
            });
          continue;
        }
        const all = Array.from({ length: pages }, (_, index) => first + index);
        const isFree = first > 0 && pages > 0 && all.every((page) => !cells.has(page));
        expect(succeeds(() => ranges.checkFree(va, pages))).toBe(isFree);
        if (isFree) {
          ranges.add({ va, pages, vram: undefined });
          all.forEach((page) => cells.set(page, first));
        }
        for (let page = 0; page < PAGES; page++) {
          expect(ranges.covers(page * PAGE_BYTES, 2 * PAGE_BYTES)).toBe(
            cells.has(page) && cells.has(page + 1),
          );
        }
      }
      expect([...ranges.all()].map(({ va }) => va)).toEqual(
        [...new Set(cells.values())].sort((a, b) => a - b).map((page) => page * PAGE_BYTES),
      );
    }),
  );
});

function succeeds(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(Refusal);
    return false;
  }
}
