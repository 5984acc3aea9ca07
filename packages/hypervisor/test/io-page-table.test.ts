import { expect, test } from 'vitest';
import { IommuError } from '../src/errno.ts';
import { IoPageTable } from '../src/io-page-table.ts';
import { HostMemory } from './host-memory.ts';

const both = { read: true, write: true };
const GIB = 0x4000_0000;
const MIB2 = 0x20_0000;

function errnoOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof IommuError ? error.errno : String(error);
  }
  return 'no error';
}

test('9.8: three levels of entries map a 4 KiB page', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory, { levels: 3 });
  expect(table.map(0x5000, 0x70_0000, 0x1000, both)).toBe(1);
  // Typed in from VT-d 3.3 §9.8: bit 0 R, bit 1 W, address from bit 12.
  expect(memory.dump(0x10000, 8)).toBe('03 10 01 00 00 00 00 00');
  expect(memory.dump(0x11000, 8)).toBe('03 20 01 00 00 00 00 00');
  expect(memory.dump(0x12028, 8)).toBe('03 00 70 00 00 00 00 00');
  expect([...memory.dirty]).toEqual([0x10, 0x11, 0x12]);
  expect(table.pageCount).toBe(3);
});

test('9.8: addresses above 4 GiB take the high half of an entry', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory);
  table.map(0x1000, 0x12_3456_7000, 0x1000, { read: true, write: false });
  expect(memory.dump(0x13008, 8)).toBe('01 70 56 34 12 00 00 00');
  expect(table.lookup(0x1234)).toBe(0x12_3456_7234);
});

test('9.8: alignment picks leaves of 1 GiB, 2 MiB and 4 KiB', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory, { levels: 3 });
  const bytes = GIB + MIB2 + 0x1000;
  expect(table.map(GIB, 2 * GIB, bytes, { read: false, write: true })).toBe(3);
  expect(memory.dump(0x10008, 8)).toBe('82 00 00 80 00 00 00 00');
  expect(memory.dump(0x10010, 8)).toBe('03 10 01 00 00 00 00 00');
  expect(memory.dump(0x11000, 8)).toBe('82 00 00 c0 00 00 00 00');
  expect(memory.dump(0x12000, 8)).toBe('02 00 20 c0 00 00 00 00');
  expect(table.unmap(GIB, bytes)).toBe(3);
  expect(table.pageCount).toBe(1);
});

test('a physical address that is not aligned as the IOVA is needs small leaves', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory);
  expect(table.map(MIB2, 0x1000, MIB2, both)).toBe(512);
});

test('the largest leaf can be capped', () => {
  const memory = new HostMemory(0x40_0000);
  const capped = new IoPageTable(memory, memory, { largestLeaf: 0x20_0000 });
  expect(capped.map(0, 0, GIB, both)).toBe(512);
  const small = new IoPageTable(memory, memory, { largestLeaf: 0x1000 });
  expect(small.map(0, 0, 2 * MIB2, both)).toBe(1024);
});

test('the top entry of each level is reached', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory);
  table.map(2 ** 48 - 0x1000, 0x5000, 0x1000, both);
  expect(memory.dump(0x10ff8, 4)).toBe('03 10 01 00');
  expect(memory.dump(0x13ff8, 4)).toBe('03 50 00 00');
  expect(table.lookup(2 ** 48 - 1)).toBe(0x5fff);
  expect(table.lookup(2 ** 48 - 0x1001)).toBe(-1);
});

test('what is mapped must be unmapped first', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory);
  table.map(0x4000, 0x9000, 0x2000, both);
  expect(errnoOf(() => table.map(0x1000, 0, 0x4000, both))).toBe('EEXIST');
  expect(errnoOf(() => table.map(0, 0, MIB2, both))).toBe('EEXIST');
  expect(table.lookup(0x1000)).toBe(-1);
  expect(table.lookup(0x5000)).toBe(0xa000);
});

test('a range that cuts a superpage is not unmapped, not even in part', () => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory);
  table.map(0x1f_f000, 0x3f_f000, 0x1000 + MIB2, both);
  expect(errnoOf(() => table.unmap(0x1f_f000, 0x2000))).toBe('EINVAL');
  expect(errnoOf(() => table.unmap(MIB2 + 0x1000, MIB2))).toBe('EINVAL');
  expect(table.lookup(0x1f_f000)).toBe(0x3f_f000);
  expect(table.lookup(2 * MIB2 - 1)).toBe(0x5f_ffff);
  expect(table.unmap(0, 8 * MIB2)).toBe(2);
});

test.each([
  ['a misaligned IOVA', 0x800, 0, 0x1000, both],
  ['a misaligned physical address', 0, 0x800, 0x1000, both],
  ['a misaligned length', 0, 0, 0x800, both],
  ['an empty range', 0, 0, 0, both],
  ['an address beyond the width', 2 ** 48 - 0x1000, 0, 0x2000, both],
  ['a negative address', -0x1000, 0, 0x1000, both],
  ['a physical address beyond the host', 0, 2 ** 46 - 0x1000, 0x2000, both],
  ['neither reading nor writing', 0, 0, 0x1000, { read: false, write: false }],
])('%s is refused', (_what, iova, physical, bytes, access) => {
  const memory = new HostMemory(0x20000);
  const table = new IoPageTable(memory, memory);
  expect(errnoOf(() => table.map(iova, physical, bytes, access))).toBe('EINVAL');
  expect(memory.inUse).toBe(1);
});

test.each([1, 2, 3, 4])(
  'when memory runs out after %i pages, no entry and no table stays',
  (pages) => {
    const memory = new HostMemory(0x10000 + pages * 0x1000);
    const table = new IoPageTable(memory, memory);
    // Two leaves that need four tables below the top.
    expect(() => table.map(0x1f_f000, 0, 0x2000, both)).toThrow('The pool is empty.');
    expect(table.pageCount).toBe(1);
    expect(memory.inUse).toBe(1);
    expect(table.lookup(0x1f_f000)).toBe(-1);
  },
);

test('destroying a table gives every page back', () => {
  const memory = new HostMemory(0x40000);
  const table = new IoPageTable(memory, memory);
  table.map(0, 0, 0x3000, both);
  table.map(GIB, GIB, 2 * GIB, both);
  table.map(2 ** 40, 0x1000, MIB2 + 0x1000, both);
  expect(table.pageCount).toBe(memory.inUse);
  table.destroy();
  expect(memory.inUse).toBe(0);
});
