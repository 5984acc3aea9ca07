import { beforeEach, expect, it } from 'vitest';
import { AddressSpace } from '../../src/bell/address-space.ts';
import { FirstFit } from '../../src/bell/first-fit.ts';
import { MemoryWindow } from '../memory-window.ts';

const VRAM_PAGES = 64;
let vram: FirstFit;
let aperture: MemoryWindow;
let invalidations: number;
let space: AddressSpace;

beforeEach(() => {
  vram = new FirstFit(0, VRAM_PAGES);
  aperture = new MemoryWindow(VRAM_PAGES * 4096);
  aperture.bytes.fill(0xa5); // what the last owner left
  invalidations = 0;
  space = new AddressSpace(aperture, vram, () => {
    invalidations++;
  });
});

/** The table entry of a virtual address, by hand from the datasheet; undefined: no table. */
function walk(va: number): { low: number; high: number } | undefined {
  const directory = space.root * 4096 + ((va >>> 21) & 511) * 8;
  const table = aperture.word(directory);
  if ((table & 1) === 0) {
    return undefined;
  }
  expect(table & 0xfff).toBe(0b1001); // VALID and TABLE
  expect(aperture.word(directory + 4)).toBe(0);
  const entry = (table & ~0xfff) + ((va >>> 12) & 511) * 8;
  return { low: aperture.word(entry), high: aperture.word(entry + 4) };
}

it('never maps page 0', () => {
  const va = space.map({ memory: 'vram', address: 0x5000, writable: true }, 1);
  expect(va).toBe(0x1000);
  expect(walk(0)?.low).toBe(0);
});

it('maps VRAM with VALID, WRITE and the offset', () => {
  const va = space.map({ memory: 'vram', address: 0x5000, writable: true }, 2);
  expect(walk(va)).toEqual({ low: 0x5003, high: 0 });
  expect(walk(va + 0x1000)).toEqual({ low: 0x6003, high: 0 });
  expect(walk(va + 0x2000)).toEqual({ low: 0, high: 0 });
});

it('maps the bus with SYSTEM and all 48 address bits', () => {
  const va = space.map({ memory: 'system', address: 0xabcd_f123_4000, writable: false }, 1);
  expect(walk(va)).toEqual({ low: 0xf123_4005, high: 0xabcd });
});

it('goes on in the next table', () => {
  const va = space.map({ memory: 'vram', address: 0, writable: true }, 1000);
  expect(walk(va + 510 * 4096)?.low).toBe(510 * 4096 + 3); // the last entry of the first table
  expect(walk(va + 511 * 4096)?.low).toBe(511 * 4096 + 3);
  expect(walk(va + 999 * 4096)?.low).toBe(999 * 4096 + 3);
});

it('invalidates what it unmaps, and not what it maps', () => {
  const va = space.map({ memory: 'vram', address: 0x5000, writable: true }, 2);
  expect(invalidations).toBe(0);
  space.unmap(va, 2);
  expect(invalidations).toBe(1);
  expect(walk(va)).toEqual({ low: 0, high: 0 });
  expect(walk(va + 0x1000)).toEqual({ low: 0, high: 0 });
});

it('writes one block per table', () => {
  space.map({ memory: 'vram', address: 0, writable: true }, 1);
  aperture.log.length = 0;
  space.map({ memory: 'vram', address: 0, writable: true }, 300);
  expect(aperture.log).toHaveLength(1);
});

it('uses addresses again, and gives all VRAM back', () => {
  const target = { memory: 'vram', address: 0, writable: true } as const;
  const va = space.map(target, 700);
  space.unmap(va, 700);
  expect(space.map(target, 700)).toBe(va);
  space.unmap(va, 700);
  space.destroy();
  expect(vram.allocate(VRAM_PAGES)).toBe(0);
});

it('refuses what has no room, and holds nothing then', () => {
  const target = { memory: 'vram', address: 0, writable: true } as const;
  expect(() => space.map(target, 2 ** 18)).toThrow('no 262144 pages of GPU addresses');
  const rest = vram.allocate(VRAM_PAGES - 1);
  expect(() => space.map(target, 1)).toThrow('no VRAM is free for a page table');
  vram.release(rest, VRAM_PAGES - 1);
  expect(space.map(target, 2 ** 14)).toBe(0x1000);
});
