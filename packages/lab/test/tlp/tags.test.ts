import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tags, TAGS } from '../../src/tlp/tags.ts';

describe('2.2.6.2: tags', () => {
  it('are the smallest that is free, and never one that is in use', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat(TAGS - 1))), (steps) => {
        const tags = new Tags();
        const used = new Set<number>();
        for (const done of steps) {
          if (done !== null && used.delete(done)) {
            tags.release(done);
          } else if (used.size < TAGS) {
            const smallest = Array.from({ length: TAGS }, (_, tag) => tag).find(
              (tag) => !used.has(tag),
            )!;
            expect(tags.allocate()).toBe(smallest);
            used.add(smallest);
          }
          expect(tags.outstanding).toBe(used.size);
        }
      }),
    );
  });

  it('have five bits, so the 33rd request must wait', () => {
    const tags = new Tags();
    for (let tag = 0; tag < 32; tag++) {
      expect(tags.allocate()).toBe(tag);
    }
    expect(() => tags.allocate()).toThrow(RangeError);
  });
});
