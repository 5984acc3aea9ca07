import { describe, expect, it } from 'vitest';
import { type Bar, readBar, writeBar } from '../src/bar.ts';
import { PagedMemory } from '../src/paged-memory.ts';

const shape = { index: 0, size: 4096, is64: false, prefetchable: false };

function withRegions(): { bar: Bar; log: unknown[][] } {
  const log: unknown[][] = [];
  const bar: Bar = {
    ...shape,
    regions: [
      { base: 0x100, size: 8, widths: [4], read: (at) => at, write: (...args) => log.push(args) },
      { base: 0x200, size: 2, widths: [1, 2], read: () => 7, write: () => {} },
    ],
    unclaimed: (offset) => log.push(['unclaimed', offset]),
  };
  return { bar, log };
}

describe('a BAR of regions', () => {
  it('hands a region offsets from its base', () => {
    const { bar, log } = withRegions();
    expect(readBar(bar, 0x104, 4)).toBe(4);
    writeBar(bar, 0x104, 4, 9);
    expect(log).toEqual([[4, 4, 9]]);
  });

  it.each([
    ['between regions', 0x108, 4],
    ['in a width that the region does not take', 0x100, 2],
    ['across the end of a region', 0x201, 2],
  ] as const)('reads all ones %s, and tells of writes', (_where, offset, width) => {
    const { bar, log } = withRegions();
    expect(readBar(bar, offset, width)).toBe(width === 4 ? 0xffffffff : 0xffff);
    writeBar(bar, offset, width, 1);
    expect(log).toEqual([['unclaimed', offset]]);
  });
});

describe('a BAR of memory', () => {
  it('takes every width at every offset, and marks the pages', () => {
    const memory = new PagedMemory(8192);
    const bar: Bar = { ...shape, size: 8192, memory };
    writeBar(bar, 4094, 4, 0x44332211);
    expect([...memory.bytes.subarray(4094, 4098)]).toEqual([0x11, 0x22, 0x33, 0x44]);
    expect(readBar(bar, 4094, 4)).toBe(0x44332211);
    expect(readBar(bar, 4096, 2)).toBe(0x4433);
    expect(readBar(bar, 4097, 1)).toBe(0x44);
    writeBar(bar, 8, 4, 0xfffffffe);
    expect(readBar(bar, 8, 4)).toBe(0xfffffffe);
    expect(memory.save().every((page) => page !== undefined)).toBe(true);
  });

  it('ends at its end', () => {
    const bar: Bar = { ...shape, memory: new PagedMemory(4096) };
    writeBar(bar, 4094, 4, 0);
    writeBar(bar, -4, 4, 0);
    expect(readBar(bar, 4094, 4)).toBe(0xffffffff);
    expect(readBar(bar, -1, 1)).toBe(0xff);
  });
});
