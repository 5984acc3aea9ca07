import { expect, it } from 'vitest';
import { Deadlines } from '../../src/pci-device/deadlines.ts';

const MS = 1_000_000;

it('says how long until the first is due, in whole milliseconds', () => {
  const deadlines = new Deadlines();
  expect(deadlines.timeoutMs).toBe(-1);
  deadlines.arm(1, 5000 * MS);
  deadlines.arm(2, 1000 * MS);
  expect(deadlines.timeoutMs).toBeGreaterThan(900);
  expect(deadlines.timeoutMs).toBeLessThanOrEqual(1000);
  expect(deadlines.take()).toBeUndefined();
  deadlines.disarm(2);
  expect(deadlines.timeoutMs).toBeGreaterThan(4000);
});

it('takes those that are due out once, in the order of their times', () => {
  const deadlines = new Deadlines();
  deadlines.arm(1, -2);
  deadlines.arm(2, -1);
  deadlines.arm(3, 1000 * MS);
  expect([deadlines.take(), deadlines.take(), deadlines.take()]).toEqual([1, 2, undefined]);
});

it('has one deadline for each number: the last that was armed', () => {
  const deadlines = new Deadlines();
  deadlines.arm(1, 1000 * MS);
  deadlines.arm(1, -1);
  expect(deadlines.take()).toBe(1);
  expect(deadlines.timeoutMs).toBe(-1);
});
