import { afterEach, beforeAll, expect, it } from 'vitest';
import { MappedMemory } from '../../src/memory/mapped-memory.ts';
import { type Libc, loadLibc } from '../../src/native/libc.ts';
import { MemoryTable } from '../../src/vhost-user/memory-table.ts';
import { memoryRegion, memoryTable } from '../../src/vhost-user/messages.ts';
import { describeWith } from '../needs.ts';

interface Region {
  readonly guestAddress: bigint;
  readonly size: bigint;
  readonly userAddress: bigint;
  readonly mmapOffset: bigint;
}

const PAGE = 4096n;

function payload(regions: readonly Region[], count = regions.length): Uint8Array {
  const bytes = new Uint8Array(memoryTable.size + regions.length * memoryRegion.size);
  memoryTable.encode({ regions: count, padding: 0 }, bytes);
  regions.forEach((region, index) => {
    memoryRegion.encode(region, bytes, memoryTable.size + index * memoryRegion.size);
  });
  return bytes;
}

describeWith(['koffi'], 'the memory table', () => {
  let libc: Libc;
  const files: number[] = [];
  beforeAll(async () => {
    libc = await loadLibc();
  });
  afterEach(() => {
    for (const file of files.splice(0)) {
      libc.close(file);
    }
  });

  function file(bytes: number): number {
    files.push(libc.memfd(bytes));
    return files[files.length - 1];
  }

  const low: Region = { guestAddress: 0n, size: 4n * PAGE, userAddress: 0x10000n, mmapOffset: 0n };
  const high: Region = {
    ...{ guestAddress: 1n << 32n, size: 2n * PAGE },
    ...{ userAddress: 0x90000n, mmapOffset: 4n * PAGE },
  };

  it('reaches guest memory, and finds what the front-end has at its own addresses', () => {
    const memory = new MappedMemory();
    const table = new MemoryTable(libc, memory);
    const ram = file(6 * 4096);
    table.set(payload([low, high]), [ram, ram]);
    memory.store32(2 ** 32 + 8, 0xcafe);
    const view = new Uint32Array(libc.map(ram, 4 * 4096, 4096));
    expect(view[2]).toBe(0xcafe);
    expect(table.guestAddress(0x10010n)).toBe(0x10);
    expect(table.guestAddress(0x90008n)).toBe(2 ** 32 + 8);
    for (const nowhere of [0n, 0x10000n - 1n, 0x14000n, 0x92000n]) {
      expect(() => table.guestAddress(nowhere)).toThrow('No region');
    }
    table.clear();
    expect(memory.reaches(0, 4)).toBe(false);
  });

  it.each<[string, readonly Region[]]>([
    ['beyond its file', [{ ...low, size: 7n * PAGE }]],
    ['with an offset beyond its file', [{ ...low, mmapOffset: 1n << 40n }]],
    ['no whole pages', [{ ...low, size: 5000n }]],
    ['at no page', [{ ...low, guestAddress: 8n }]],
    ['with an offset at no page', [{ ...low, mmapOffset: 12n, size: PAGE }]],
    ['empty', [{ ...low, size: 0n }]],
    ['beyond 2^52', [{ ...low, guestAddress: 1n << 52n }]],
    ['that wraps', [{ ...low, guestAddress: (1n << 64n) - PAGE }]],
    ['that overlaps another', [low, { ...high, guestAddress: 3n * PAGE, mmapOffset: 0n }]],
    [
      'one too many',
      Array.from({ length: 9 }, (_, n) => ({ ...low, guestAddress: BigInt(n) << 20n })),
    ],
  ])('refuses a region %s, and keeps what was there', (_, regions) => {
    const memory = new MappedMemory();
    const table = new MemoryTable(libc, memory);
    const ram = file(6 * 4096);
    table.set(payload([low]), [ram]);
    const many = regions.map(() => ram);
    expect(() => table.set(payload(regions), many)).toThrow(
      expect.objectContaining({ name: 'ProtocolViolation' }),
    );
    expect(memory.reaches(0, 4 * 4096)).toBe(true);
    table.clear();
  });

  it('refuses another number of descriptors, and a table that is cut off', () => {
    const table = new MemoryTable(libc, new MappedMemory());
    expect(() => table.set(payload([low]), [])).toThrow('1 regions came with 0 descriptors');
    expect(() => table.set(payload([low], 2), [1, 1])).toThrow('has 40 bytes');
    expect(() => table.set(new Uint8Array(4), [])).toThrow('cut off');
    expect(() => table.set(payload([low]), [-1])).toThrow('cannot be mapped');
  });
});
