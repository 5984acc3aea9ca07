import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/bell/fault.ts';
import { Mmu } from '../../src/bell/mmu.ts';
import { PagedMemory } from '../../src/paged-memory.ts';

/* The datasheet, "page tables". */
const VALID = 1;
const WRITE = 2;
const SYSTEM = 4;
const TABLE = 8;
const DIRECTORY_AT = 0x1000;
const TABLE_AT = 0x2000;
const window = { base: 0, size: 0x10000 };
const space = { number: 3, pageRoot: 1, window };

let vram: PagedMemory;
let mmu: Mmu;
const put = (at: number, low: number, high = 0): void => {
  vram.words[at / 4] = low;
  vram.words[at / 4 + 1] = high;
};
const entry = (page: number, low: number, high = 0): void => {
  put(TABLE_AT + page * 8, low, high);
};
const faultOf = (va: number, write = false): string => {
  try {
    mmu.translate(space, va, write);
  } catch (error) {
    const fault = error as Fault;
    return `${fault.reason} ${fault.value.toString(16)}`;
  }
  return 'none';
};

beforeEach(() => {
  vram = new PagedMemory(0x10000);
  mmu = new Mmu(vram);
  put(DIRECTORY_AT, TABLE_AT | VALID | TABLE);
  entry(1, 0x3000 | VALID | WRITE);
  entry(2, 0x4000 | VALID);
  entry(3, 0x89abc000 | VALID | SYSTEM, 0x1234);
});

describe('a translation', () => {
  it('keeps the offset in the page', () => {
    expect(mmu.translate(space, 0x1abc, true)).toBe(0x3abc);
    expect(mmu.system).toBe(false);
  });

  it('leads to 48 bits of bus address', () => {
    expect(mmu.translate(space, 0x3123, false)).toBe(0x1234_89abc123);
    expect(mmu.system).toBe(true);
  });

  it('uses address bits 29:21 for the directory and 20:12 for the table', () => {
    put(DIRECTORY_AT + 511 * 8, 0x5000 | VALID | TABLE);
    put(0x5000 + 511 * 8, 0x6000 | VALID);
    expect(mmu.translate(space, 0x3fffffff, false)).toBe(0x6fff);
  });
});

describe('a fault', () => {
  it.each([
    ['an entry that is not valid', 0x5010, 'NOT_PRESENT 5010'],
    ['a directory entry that is not valid', 0x200000, 'NOT_PRESENT 200000'],
    ['an address beyond 30 bits', 0x40000000, 'NOT_PRESENT 40000000'],
    ['an address of 32 bits', 0xffffffff, 'NOT_PRESENT ffffffff'],
  ])('is NOT_PRESENT for %s', (_name, va, expected) => {
    expect(faultOf(va)).toBe(expected);
  });

  it('is NOT_WRITABLE for a write only', () => {
    expect(faultOf(0x2004, true)).toBe('NOT_WRITABLE 2004');
    expect(faultOf(0x2004)).toBe('none');
    expect(faultOf(0x2004, true)).toBe('NOT_WRITABLE 2004');
  });

  it.each([
    ['reserved low bits', 0x3000 | VALID | 0x10, 0],
    ['reserved high bits', 0x3000 | VALID, 0x10000],
    ['the TABLE bit', 0x3000 | VALID | TABLE, 0],
    ['an address behind VRAM', 0x10000 | VALID, 0],
    ['an address far behind VRAM', 0x3000 | VALID, 1],
  ])('is BAD_ENTRY for a table entry with %s', (_name, low, high) => {
    entry(1, low, high);
    expect(faultOf(0x1000)).toBe('BAD_ENTRY 1000');
  });

  it.each([
    ['no TABLE bit', TABLE_AT | VALID, 0],
    ['the SYSTEM bit', TABLE_AT | VALID | TABLE | SYSTEM, 0],
    ['the WRITE bit', TABLE_AT | VALID | TABLE | WRITE, 0],
    ['reserved bits', TABLE_AT | VALID | TABLE | 0x800, 0],
    ['an address behind VRAM', 0x10000 | VALID | TABLE, 0],
    ['an address far behind VRAM', TABLE_AT | VALID | TABLE, 8],
  ])('is BAD_ENTRY for a directory entry with %s', (_name, low, high) => {
    put(DIRECTORY_AT, low, high);
    expect(faultOf(0x1000)).toBe('BAD_ENTRY 1000');
  });

  it('is BAD_ENTRY when the directory is its own table', () => {
    put(DIRECTORY_AT, DIRECTORY_AT | VALID | TABLE);
    expect(faultOf(0)).toBe('BAD_ENTRY 0');
  });

  it('is BAD_ENTRY when the directory lies behind VRAM', () => {
    expect(() => mmu.translate({ ...space, number: 0, pageRoot: 0x10 }, 0x1000, false)).toThrow(
      Fault,
    );
  });
});

describe('the TLB', () => {
  it('goes stale until it is invalidated', () => {
    mmu.translate(space, 0x1000, false);
    entry(1, 0x7000 | VALID);
    expect(mmu.translate(space, 0x1000, true)).toBe(0x3000);
    mmu.invalidate(space.number + 1, 5);
    expect(mmu.translate(space, 0x1000, true)).toBe(0x3000);
    mmu.invalidate(space.number - 1, 2);
    expect(mmu.translate(space, 0x1000, false)).toBe(0x7000);
    entry(1, 0);
    mmu.invalidateAll();
    expect(faultOf(0x1000)).toBe('NOT_PRESENT 1000');
  });

  it('does not keep what was not present', () => {
    expect(faultOf(0x5000)).toBe('NOT_PRESENT 5000');
    entry(5, 0x3000 | VALID);
    expect(faultOf(0x5000)).toBe('none');
  });

  it('keeps channels apart', () => {
    mmu.translate(space, 0x1000, false);
    expect(() => mmu.translate({ ...space, number: 4, pageRoot: 8 }, 0x1000, false)).toThrow(Fault);
    expect(mmu.translate(space, 0x1000, false)).toBe(0x3000);
  });

  it('counts walks, and forgets one page for another in the same place', () => {
    put(DIRECTORY_AT + 8 * 8, 0x5000 | VALID | TABLE);
    put(0x5000 + 8, 0x6000 | VALID);
    mmu.translate(space, 0x1000, false);
    mmu.translate(space, 0x1004, false);
    expect(mmu.takeMisses()).toBe(1);
    // 4096 pages further on.
    mmu.translate(space, 0x1001000, false);
    mmu.translate(space, 0x1000, false);
    expect(mmu.takeMisses()).toBe(2);
    expect(mmu.takeMisses()).toBe(0);
  });

  it('is part of the state', () => {
    mmu.translate(space, 0x1000, false);
    const saved = mmu.save();
    mmu.invalidateAll();
    entry(1, 0);
    mmu.load(saved);
    expect(mmu.translate(space, 0x1000, true)).toBe(0x3000);
  });
});
