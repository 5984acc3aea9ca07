import { expect, it } from 'vitest';
import { hasPassed } from '../../src/bell/fence.ts';

it('has passed when the word is the fence or a later one', () => {
  expect(hasPassed(7, 7)).toBe(true);
  expect(hasPassed(8, 7)).toBe(true);
  expect(hasPassed(6, 7)).toBe(false);
});

it('goes on where the word wraps', () => {
  expect(hasPassed(0x0000_0001, 0xffff_fffe)).toBe(true);
  expect(hasPassed(0xffff_fffe, 0x0000_0001)).toBe(false);
  // A sequence number has more bits than the word.
  expect(hasPassed(0x0000_0001, 2 ** 32 + 1)).toBe(true);
  expect(hasPassed(0xffff_ffff, 2 ** 32 + 1)).toBe(false);
});
