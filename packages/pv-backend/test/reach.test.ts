import { access } from '@doorbell/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reach } from '../src/reach.ts';

const { READ, WRITE } = access;
const BYTES = 40;

describe('Reach', () => {
  it('covers the bytes of what is mapped, and no others', () => {
    const mapping = fc.record({
      iova: fc.nat(BYTES - 1),
      bytes: fc.integer({ min: 1, max: 12 }),
      access: fc.integer({ min: 1, max: 3 }),
      removed: fc.boolean(),
    });
    const mappings = fc.uniqueArray(mapping, {
      selector: ({ iova, bytes }) => `${iova}+${bytes}`,
      maxLength: 20,
    });
    fc.assert(
      fc.property(mappings, (all) => {
        const reach = new Reach();
        all.forEach((one) => {
          reach.add(one.iova, one.bytes, one.access);
        });
        all
          .filter(({ removed }) => removed)
          .forEach(({ iova, bytes }) => {
            reach.remove(iova, bytes);
          });
        for (const bit of [READ, WRITE]) {
          const bytes = Array.from({ length: 2 * BYTES }, (_, at) =>
            all.some(
              (one) =>
                !one.removed &&
                (one.access & bit) !== 0 &&
                at >= one.iova &&
                at < one.iova + one.bytes,
            ),
          );
          for (let start = 0; start < BYTES; start++) {
            for (let end = start + 1; end <= start + 15; end++) {
              const expected = bytes.slice(start, end).every((mapped) => mapped);
              expect(reach.covers(start, end - start, bit)).toBe(expected);
            }
          }
        }
      }),
    );
  });

  it('covers a range that is mapped twice until it is taken away twice', () => {
    const reach = new Reach();
    reach.add(2 ** 51, 16, READ);
    reach.add(2 ** 51, 16, READ);
    reach.remove(2 ** 51, 16);
    expect(reach.covers(2 ** 51, 16, READ)).toBe(true);
    reach.remove(2 ** 51, 16);
    expect(reach.covers(2 ** 51, 1, READ)).toBe(false);
  });

  it('covers nothing once it is cleared', () => {
    const reach = new Reach();
    reach.add(0, 16, READ);
    expect(reach.covers(0, 16, READ)).toBe(true);
    reach.clear();
    expect(reach.covers(0, 1, READ)).toBe(false);
  });
});
