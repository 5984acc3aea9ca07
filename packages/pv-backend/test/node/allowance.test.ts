import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Allowance } from '../../src/node/allowance.ts';

test('holds what one second brings, and no more', () => {
  const allowance = new Allowance(100, 0);
  expect(allowance.take(100, 60_000)).toBe(0);
  expect(allowance.take(50, 60_000)).toBe(500);
});

test('a pause pays for what was too much', () => {
  const allowance = new Allowance(100, 0);
  expect(allowance.take(300, 0)).toBe(2000);
  expect(allowance.take(0, 2000)).toBe(0);
  expect(allowance.take(1, 2000)).toBe(10);
});

test('without a limit nobody waits', () => {
  expect(new Allowance(Infinity, 0).take(1e12, 0)).toBe(0);
});

test('whoever pauses as told sends at the rate, but for the first second', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 50 }), (amounts) => {
      const allowance = new Allowance(1000, 0);
      let now = 0;
      let sent = 0;
      for (const amount of amounts) {
        now += allowance.take(amount, now);
        sent += amount;
        expect(sent).toBeLessThanOrEqual(1000 + now + 1e-6);
      }
    }),
  );
});
