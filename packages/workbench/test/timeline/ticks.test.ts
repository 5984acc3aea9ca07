import { expect, it } from 'vitest';
import { exactTimeText, ticksOf, tickStep, timeText } from '../../src/timeline/ticks.ts';

const labels = (from: number, to: number, least: number): string[] =>
  ticksOf(from, to, least).map(({ label }) => label);

it.each([
  [0.7, 1],
  [1, 1],
  [1.1, 2],
  [21, 50],
  [501, 1000],
])('steps no less than %d by %d', (least, step) => {
  expect(tickStep(least)).toBe(step);
});

it('counts in the unit that suits the view', () => {
  expect(labels(0, 900, 300)).toEqual(['0 ns', '500 ns']);
  expect(labels(0, 4500, 1500)).toEqual(['0 µs', '2 µs', '4 µs']);
  expect(labels(-1e6, 1e6, 500_000)).toEqual(['-1.0 ms', '-0.5 ms', '0.0 ms', '0.5 ms', '1.0 ms']);
});

it('has the digits that tell ticks apart', () => {
  expect(labels(1_234_567, 1_234_572, 2)).toEqual(['1.234568 ms', '1.234570 ms', '1.234572 ms']);
});

it('writes times short, and to the nanosecond', () => {
  expect([0, 999, 1234.5, 1_234_567, 2e9].map(timeText)).toEqual([
    ...['0 ns', '999 ns', '1.234 µs', '1.235 ms', '2 s'],
  ]);
  expect([-5, 1234, 1_234_567].map(exactTimeText)).toEqual(['-5 ns', '1.234 µs', '1.234567 ms']);
});
