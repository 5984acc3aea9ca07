import { expect, it } from 'vitest';
import { VramWindow } from '../../src/bell/vram-window.ts';
import { PagedMemory, pageOf } from '../../src/paged-memory.ts';

it('a window is the same bytes by smaller addresses, and tells its memory what was written', () => {
  const vram = new PagedMemory(4 * 4096);
  const window = new VramWindow(vram, 4096, 2 * 4096);
  window.words[1] = 0x04030201;
  window.touched(4, 4);
  expect([...vram.bytes.subarray(4096 + 4, 4096 + 8)]).toEqual([1, 2, 3, 4]);
  expect([window.bytes.length, window.halves.length, window.words.length]).toEqual([
    ...[8192, 4096, 2048],
  ]);
  expect(window.halves[2]).toBe(0x0201);
  const state = vram.save();
  expect([0, 1, 2, 3].map((page) => pageOf(state, page) !== undefined)).toEqual([
    false,
    true,
    false,
    false,
  ]);
});
