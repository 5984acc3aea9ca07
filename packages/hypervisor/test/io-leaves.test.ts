import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IoLeaves } from '../src/io-leaves.ts';
import { IoPageTable } from '../src/io-page-table.ts';
import { pagingEntry } from '../src/vtd.ts';
import { HostMemory } from './host-memory.ts';

const PAGE = 0x1000;
const MIB2 = 0x20_0000;
const both = { read: true, write: true };
const END = 2 ** 39;

function table(): { memory: HostMemory; io: IoPageTable } {
  const memory = new HostMemory(0x40_0000);
  return { memory, io: new IoPageTable(memory, memory, { levels: 3 }) };
}

test('finds what is mapped, in order, with size and access', () => {
  const { memory, io } = table();
  io.map(MIB2, 4 * MIB2, MIB2, { read: true, write: false });
  io.map(PAGE, 0x8000, PAGE, both);
  const { leaves } = new IoLeaves(memory, io, 0, END);
  expect(leaves).toEqual([
    { iova: PAGE, bytes: PAGE, address: 0x8000, access: both },
    { iova: MIB2, bytes: MIB2, address: 4 * MIB2, access: { read: true, write: false } },
  ]);
});

test('reads one entry a level for one page, and whole tables for everything', () => {
  const { memory, io } = table();
  io.map(0xffff_f000, 0x8000, PAGE, both);
  expect(new IoLeaves(memory, io, 0xffff_f000, 0x1_0000_0000).entriesRead).toBe(3);
  expect(new IoLeaves(memory, io, 0, END).entriesRead).toBe(3 * 512);
});

test('a leaf that overlaps the range is there whole', () => {
  const { memory, io } = table();
  io.map(MIB2, MIB2, MIB2, both);
  const { leaves } = new IoLeaves(memory, io, MIB2 + PAGE, MIB2 + 2 * PAGE);
  expect(leaves).toEqual([{ iova: MIB2, bytes: MIB2, address: MIB2, access: both }]);
});

test('an entry above takes access away, one with a reserved bit or outside of memory leads nowhere', () => {
  const { memory, io } = table();
  io.map(0, 0x8000, 2 * PAGE, both);
  memory.words[io.root / 4] &= ~pagingEntry.WRITE;
  const { leaves } = new IoLeaves(memory, io, 0, END);
  expect(leaves.map(({ access }) => access.write)).toEqual([false, false]);
  memory.words[io.root / 4 + 1] = 0x4000_0000;
  expect(new IoLeaves(memory, io, 0, END).leaves).toEqual([]);
  memory.words[io.root / 4 + 1] = 0x3f;
  expect(new IoLeaves(memory, io, 0, END).leaves).toEqual([]);
});

test('tables that lead to themselves come to an end', () => {
  const { memory, io } = table();
  for (let index = 0; index < 512; index++) {
    memory.words[io.root / 4 + 2 * index] = io.root | pagingEntry.READ;
  }
  expect(new IoLeaves(memory, io, 0, END).entriesRead).toBe(2 ** 20);
});

test('agrees with the table that wrote it, whatever is mapped', () => {
  const page = fc.nat({ max: 600 });
  fc.assert(
    fc.property(fc.array(fc.tuple(page, page), { maxLength: 12 }), (pages) => {
      const { memory, io } = table();
      for (const [iova, physical] of pages) {
        if (io.lookup(iova * PAGE) < 0) {
          io.map(iova * PAGE, physical * PAGE, PAGE, both);
        }
      }
      const { leaves } = new IoLeaves(memory, io, 0, END);
      expect(leaves.length).toBe(new Set(pages.map(([iova]) => iova)).size);
      expect(leaves.every(({ iova, address }) => io.lookup(iova) === address)).toBe(true);
    }),
  );
});
