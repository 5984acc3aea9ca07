import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OutOfMemory, PageAllocator } from '../src/page-allocator.ts';

const BASE = 0x100000;

describe('PageAllocator', () => {
  it('never hands out a page twice, and has all pages again when all is freed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 30_000 }), { maxLength: 60 }), (steps) => {
        const pages = new PageAllocator(BASE, 64 * 4096);
        const live: { address: number; pages: number }[] = [];
        for (const step of steps) {
          if (step <= 0) {
            const [gone] = live.splice(-step % Math.max(live.length, 1), 1);
            if (gone !== undefined) {
              pages.free(gone.address);
            }
            continue;
          }
          try {
            live.push({ address: pages.allocate(step), pages: Math.ceil(step / 4096) });
          } catch (error) {
            expect(error).toBeInstanceOf(OutOfMemory);
          }
        }
        const taken = live.flatMap(({ address, pages: count }) =>
          Array.from({ length: count }, (_, i) => address + i * 4096),
        );
        expect(new Set(taken).size).toBe(taken.length);
        expect(pages.pagesUsed).toBe(taken.length);
        for (const { address } of live) {
          pages.free(address);
        }
        expect(pages.allocate(64 * 4096)).toBe(BASE);
      }),
    );
  });

  it('aligns where it is asked to', () => {
    const pages = new PageAllocator(0, 64 * 4096);
    pages.allocate(4096);
    expect(pages.allocate(4096, 16 * 4096)).toBe(16 * 4096);
  });

  it('refuses to free what it did not hand out', () => {
    const pages = new PageAllocator(BASE, 64 * 4096);
    pages.allocate(8192);
    expect(() => {
      pages.free(BASE + 4096);
    }).toThrow(RangeError);
  });
});
