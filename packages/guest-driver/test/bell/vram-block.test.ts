import { expect, it } from 'vitest';
import { AddressSpace } from '../../src/bell/address-space.ts';
import { FirstFit } from '../../src/bell/first-fit.ts';
import { VramBlock } from '../../src/bell/vram-block.ts';
import { MemoryWindow } from '../memory-window.ts';

function parts(pages: number): { vram: FirstFit; space: AddressSpace; aperture: MemoryWindow } {
  const vram = new FirstFit(0, pages);
  const aperture = new MemoryWindow(pages * 4096);
  return { vram, aperture, space: new AddressSpace(aperture, vram, () => {}) };
}

it('is whole pages of VRAM, which the GPU may write', () => {
  const { vram, space, aperture } = parts(8);
  const block = new VramBlock(vram, space, 4097);
  expect([block.page, block.pages, block.offset, block.va]).toEqual([1, 2, 4096, 0x1000]);
  expect([aperture.word(3 * 4096 + 8), aperture.word(3 * 4096 + 16)]).toEqual([0x1003, 0x2003]);
});

it('gives its pages and its addresses back', () => {
  const { vram, space } = parts(8);
  new VramBlock(vram, space, 4096).free();
  // Page 2 holds a table, which stays.
  const block = new VramBlock(vram, space, 5 * 4096);
  expect([block.va, block.page, vram.allocate(2)]).toEqual([0x1000, 3, -1]);
  expect(vram.allocate(1)).toBe(1);
});

it('holds nothing when VRAM or page tables are short', () => {
  const { vram, space } = parts(8);
  expect(() => new VramBlock(vram, space, 8 * 4096)).toThrow('no 32768 bytes of VRAM in a row');
  // The directory has one page, so that none is left for a table.
  expect(() => new VramBlock(vram, space, 7 * 4096)).toThrow('no VRAM is free for a page table');
  expect(vram.allocate(7)).toBe(1);
});
