import { expect, test } from 'vitest';
import { formatBytes, formatCount, formatNumber, formatTimes } from '../src/quantity.ts';

test('groups the digits of a count', () => {
  expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
});

test('gives a number three significant digits, and all that stand before the point', () => {
  expect([0.0123, 0.5, 1, 9.999, 12.34, 99.96, 4321.5].map(formatNumber)).toEqual([
    '0.012',
    '0.50',
    '1.00',
    '10.0',
    '12.3',
    '100',
    '4,322',
  ]);
});

test('gives all times of a row the unit of the smallest', () => {
  expect(formatTimes([11_500_000, 1_383_000_000])).toEqual(['11.5 ms', '1,383 ms']);
  expect(formatTimes([812, 0, 1500])).toEqual(['812 ns', '0', '1,500 ns']);
});

test('takes a larger unit where the largest value would be long', () => {
  expect(formatTimes([4_000, 4_000_000_000])).toEqual(['0.004 ms', '4,000 ms']);
});

test('says nothing but 0 of a row of zeros', () => {
  expect(formatTimes([0, 0])).toEqual(['0', '0']);
});

test('counts bytes in powers of 1,024', () => {
  expect(formatBytes([1024, 12_345_678])).toEqual(['1.00 KiB', '12,056 KiB']);
  expect(formatBytes([512])).toEqual(['512 B']);
});
