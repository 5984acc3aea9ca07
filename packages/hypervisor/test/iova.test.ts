import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IovaAllocator } from '../src/iova.ts';

const LIMIT = 2 ** 48;
const LOW = 2 ** 20;

test('pages are handed out from the top down', () => {
  const iovas = new IovaAllocator(LIMIT);
  expect(iovas.allocate(1, LOW)).toBe(0xfffff);
  expect(iovas.allocate(1, LOW)).toBe(0xffffe);
});

test('a range is aligned to its length, rounded up to a power of two', () => {
  const iovas = new IovaAllocator(LIMIT);
  iovas.allocate(1, LOW);
  expect(iovas.allocate(4, LOW)).toBe(0xffff8);
  // 3 pages take 4 of them; 33 take 33, aligned to 64.
  expect(iovas.allocate(3, LOW)).toBe(0xffff4);
  expect(iovas.allocate(33, LOW)).toBe(0xfffc0);
  // Not in the gap up to 0xffff4: the search goes on where it stopped.
  expect(iovas.allocate(1, LOW)).toBe(0xfffbf);
});

test('a freed range is found again', () => {
  const iovas = new IovaAllocator(LIMIT);
  const first = iovas.allocate(2, LOW);
  const second = iovas.allocate(2, LOW);
  iovas.free(first);
  expect(iovas.allocate(2, LOW)).toBe(first);
  iovas.free(second);
  expect(iovas.allocate(2, LOW)).toBe(second);
});

test('page 0 and the interrupt range are never handed out', () => {
  const iovas = new IovaAllocator(LIMIT);
  // All below 0xfef00000, page by page of 1 MiB: 0xfee00000 is left out, and so is the first.
  const seen = new Set<number>();
  for (;;) {
    const page = iovas.allocate(256, 0xfef00);
    if (page < 0) {
      break;
    }
    seen.add(page);
  }
  expect(seen.has(0xfee00)).toBe(false);
  expect(seen.has(0)).toBe(false);
  expect(seen.has(0xfed00)).toBe(true);
  expect(seen.size).toBe(0xfef - 2);
  expect(iovas.allocate(128, 0xfef00)).toBe(128);
});

test('when the space is full, -1 says so', () => {
  const iovas = new IovaAllocator(4 * 4096);
  expect([1, 2, 3, 4].map(() => iovas.allocate(1, Infinity))).toEqual([3, 2, 1, -1]);
  iovas.free(2);
  expect(iovas.allocate(1, Infinity)).toBe(2);
});

test('only what was handed out can be freed', () => {
  const iovas = new IovaAllocator(LIMIT);
  const page = iovas.allocate(4, LOW);
  expect(() => iovas.free(page + 1)).toThrow(RangeError);
  iovas.free(page);
  expect(() => iovas.free(page)).toThrow('No IOVA range begins at page 1048572.');
});

test('live ranges never overlap, whatever the order of calls', () => {
  const call = fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 70 }), fc.nat());
  fc.assert(
    fc.property(fc.array(call, { maxLength: 300 }), (calls) => {
      let iovas = new IovaAllocator(2048 * 4096);
      const live = new Map<number, number>();
      const taken = new Uint8Array(2048);
      taken[0] = 1;
      calls.forEach(([isAllocate, pages, choice], index) => {
        if (isAllocate) {
          const page = iovas.allocate(pages, Infinity);
          if (page >= 0) {
            const align = 2 ** Math.ceil(Math.log2(pages));
            expect(page % align).toBe(0);
            expect(taken.slice(page, page + pages).some((one) => one === 1)).toBe(false);
            taken.fill(1, page, page + pages);
            live.set(page, pages);
          }
        } else if (live.size > 0) {
          const page = [...live.keys()][choice % live.size];
          iovas.free(page);
          taken.fill(0, page, page + (live.get(page) ?? 0));
          live.delete(page);
        }
        if (index === 150) {
          const restored = new IovaAllocator(2048 * 4096);
          restored.load(iovas.save());
          iovas = restored;
        }
      });
      for (const page of live.keys()) {
        iovas.free(page);
      }
      expect(iovas.allocate(1024, Infinity)).toBe(1024);
    }),
  );
});
