import { expect, test } from 'vitest';
import { FakeProcess } from './fake-process.ts';

test('it counts pins, and refuses what it lacks or what is not pinned', () => {
  const user = new FakeProcess();
  expect(user.pin(0x1000)).toBe(0x40c0_1000);
  expect(user.pin(0x1000)).toBe(0x40c0_1000);
  user.unpin(0x40c0_1000);
  expect([...user.pins]).toEqual([[0x40c0_1000, 1]]);
  user.unpin(0x40c0_1000);
  expect(user.pins.size).toBe(0);
  expect(() => {
    user.unpin(0x40c0_1000);
  }).toThrow(RangeError);
  expect(user.pin(0x100_0000)).toBe(-1);
});
