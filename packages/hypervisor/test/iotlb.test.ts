import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Iotlb, type PageClass } from '../src/iotlb.ts';

const KIB4 = 0x1000;
const MIB2 = 0x20_0000;
const GIB = 0x4000_0000;
const READ = 1;

/** The pages of domain 1 that are known, without using them. */
function known(tlb: Iotlb, pages: number): number[] {
  const copy = new Iotlb(tlb.save().bases.length);
  copy.load(tlb.save());
  return Array.from({ length: pages }, (_, page) => page).filter(
    (page) => copy.find(1, page * KIB4) >= 0,
  );
}

test('a translation covers its page, whatever its size', () => {
  const tlb = new Iotlb(4);
  tlb.insert(1, 0x5123, 0, 0x70_0000, READ);
  tlb.insert(1, MIB2 + 5, 1, 0x4000_0000, READ);
  tlb.insert(1, 3 * GIB + 5, 2, 8 * GIB, 3);
  expect(tlb.size).toBe(3);
  const small = tlb.find(1, 0x5fff);
  expect([tlb.baseOf(small), tlb.bytesOf(small)]).toEqual([0x70_0000, KIB4]);
  const large = tlb.find(1, 2 * MIB2 - 1);
  expect([tlb.baseOf(large), tlb.bytesOf(large)]).toEqual([0x4000_0000, MIB2]);
  const huge = tlb.find(1, 4 * GIB - 1);
  expect([tlb.baseOf(huge), tlb.bytesOf(huge), tlb.accessOf(huge)]).toEqual([8 * GIB, GIB, 3]);
  expect(tlb.find(1, 0x6000)).toBe(-1);
  expect(tlb.find(2, 0x5000)).toBe(-1);
});

test('addresses that differ only above 32 bits are kept apart', () => {
  const tlb = new Iotlb(8);
  for (let high = 0; high < 4; high++) {
    tlb.insert(1, high * 2 ** 44 + 0x5000, 0, high * KIB4, READ);
  }
  for (let high = 0; high < 4; high++) {
    expect(tlb.baseOf(tlb.find(1, high * 2 ** 44 + 0x5000))).toBe(high * KIB4);
  }
});

test('the least recently used translation is replaced first', () => {
  const tlb = new Iotlb(3);
  for (const page of [0, 1, 2]) {
    tlb.insert(1, page * KIB4, 0, 0, READ);
  }
  tlb.find(1, 0);
  tlb.insert(1, 3 * KIB4, 0, 0, READ);
  expect(known(tlb, 5)).toEqual([0, 2, 3]);
  tlb.insert(1, 2 * KIB4, 0, 0, READ);
  tlb.insert(1, 4 * KIB4, 0, 0, READ);
  expect(known(tlb, 5)).toEqual([2, 3, 4]);
});

test('entering a page again replaces its translation', () => {
  const tlb = new Iotlb(2);
  tlb.insert(1, 0, 0, 0x1000, READ);
  tlb.insert(1, 0, 0, 0x2000, READ);
  expect(tlb.size).toBe(1);
  expect(tlb.baseOf(tlb.find(1, 0))).toBe(0x2000);
});

test('one entry is enough to work', () => {
  const tlb = new Iotlb(1);
  tlb.insert(1, 0, 0, 0x1000, READ);
  tlb.insert(1, MIB2, 1, 0x2000, READ);
  expect(tlb.find(1, 0)).toBe(-1);
  expect(tlb.baseOf(tlb.find(1, MIB2))).toBe(0x2000);
});

test('a range takes the large pages that it touches, and no other domain', () => {
  const tlb = new Iotlb(8);
  tlb.insert(1, 0, 1, 0, READ);
  tlb.insert(1, MIB2, 1, 0, READ);
  tlb.insert(2, 0, 1, 0, READ);
  tlb.clearRange(1, 0x1f_f000, KIB4);
  expect(tlb.find(1, 0)).toBe(-1);
  expect(tlb.find(1, MIB2)).toBeGreaterThanOrEqual(0);
  expect(tlb.find(2, 0)).toBeGreaterThanOrEqual(0);
  tlb.clearRange(2, 0, 2 ** 48);
  expect(tlb.size).toBe(1);
});

test.each([2, 100])('a range of %i pages is taken from its first to its last', (pages) => {
  const tlb = new Iotlb(8);
  const [first, last] = [50, 50 + pages - 1];
  for (const page of [first - 1, first, last, last + 1]) {
    tlb.insert(1, page * KIB4, 0, 0, READ);
    tlb.insert(2, page * KIB4, 0, 0, READ);
  }
  tlb.clearRange(1, first * KIB4, pages * KIB4);
  expect(known(tlb, 200)).toEqual([first - 1, last + 1]);
  expect(tlb.size).toBe(6);
});

test.each([0, -1, 1.5, 65537])('%d entries are refused', (entries) => {
  expect(() => new Iotlb(entries)).toThrow(RangeError);
});

/** What an IOTLB is, said plainly: a list, most recently used first. */
class Model {
  private list: { domain: number; start: number; bytes: number; base: number }[] = [];
  private readonly entries: number;

  constructor(entries: number) {
    this.entries = entries;
  }

  find(domain: number, iova: number): number {
    // Smaller pages are looked up first.
    const [hit] = this.list
      .filter((e) => e.domain === domain && iova >= e.start && iova < e.start + e.bytes)
      .sort((a, b) => a.bytes - b.bytes);
    if (hit === undefined) {
      return -1;
    }
    this.list = [hit, ...this.list.filter((entry) => entry !== hit)];
    return hit.base;
  }

  insert(domain: number, iova: number, bytes: number, base: number): void {
    const start = iova - (iova % bytes);
    const others = this.list.filter(
      (e) => !(e.domain === domain && e.start === start && e.bytes === bytes),
    );
    this.list = [{ domain, start, bytes, base }, ...others].slice(0, this.entries);
  }

  clear(domain: number, iova: number, bytes: number): void {
    this.list = this.list.filter(
      (e) => e.domain !== domain || e.start >= iova + bytes || e.start + e.bytes <= iova,
    );
  }
}

test('it behaves as a list ordered by use', () => {
  const page = fc.integer({ min: 0, max: 40 });
  const domain = fc.integer({ min: 1, max: 2 });
  const pageClass = fc.constantFrom<PageClass>(0, 0, 0, 1, 2);
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(fc.constant('find' as const), domain, page, pageClass) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('insert' as const), domain, page, pageClass) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('clear' as const), domain, page, pageClass) },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(step, { maxLength: 200 }),
      (entries, steps) => {
        let tlb = new Iotlb(entries);
        const model = new Model(entries);
        steps.forEach(([kind, dom, number, size], index) => {
          const bytes = [KIB4, MIB2, GIB][size];
          const iova = number * bytes + 0x123;
          if (kind === 'find') {
            const slot = tlb.find(dom, iova);
            expect(slot < 0 ? -1 : tlb.baseOf(slot)).toBe(model.find(dom, iova));
          } else if (kind === 'insert') {
            tlb.insert(dom, iova, size, index * KIB4, READ);
            model.insert(dom, iova, bytes, index * KIB4);
          } else {
            const length = (1 + (number % 3) * 20) * KIB4;
            tlb.clearRange(dom, number * KIB4, length);
            model.clear(dom, number * KIB4, length);
          }
          if (index === 100) {
            const restored = new Iotlb(entries);
            restored.load(tlb.save());
            tlb = restored;
          }
        });
      },
    ),
  );
});

test('a saved state whose entries go round is refused', () => {
  const tlb = new Iotlb(4);
  tlb.insert(1, KIB4, 0, MIB2, READ);
  const state = tlb.save();
  state.older[state.newest] = state.newest;
  expect(() => new Iotlb(4).load(state)).toThrow(RangeError);
});
