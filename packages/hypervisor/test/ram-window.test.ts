import { expect, test } from 'vitest';
import { ramWindow } from '../src/ram-window.ts';
import { HostMemory } from './host-memory.ts';

test('shows a part of the memory from address 0 on, in all widths, and notes what is written there', () => {
  const memory = new HostMemory(0x10_0000);
  const window = ramWindow(memory, 0x4000, 0x2000);
  window.words[0x1000 / 4] = 0x0403_0201;
  window.touched(0x1000, 4);
  expect(memory.dump(0x5000, 4)).toBe('01 02 03 04');
  expect(window.halves[0x1002 / 2]).toBe(0x0403);
  expect(window.bytes[0x1003]).toBe(4);
  expect([...memory.dirty]).toEqual([5]);
  expect([window.size, window.bytes.length, window.words.length]).toEqual([0x2000, 0x2000, 0x800]);
});
