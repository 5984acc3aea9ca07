import { expect, it } from 'vitest';
import { bandText, quantity } from '../../src/shapes/quantity.ts';

it('gives four digits, and all of a large number', () => {
  const texts = [0, 1, 0.0123456, 1.005, 12.34, 96.98, 123.4, 14599, 1234567, -5.492].map(quantity);
  expect(texts).toEqual([
    ...['0', '1', '0.01235', '1.005', '12.34', '96.98', '123.4', '14,599', '1,234,567', '-5.492'],
  ]);
});

it('says where a figure must be', () => {
  expect(bandText({ least: 30, most: 300 })).toBe('30 to 300');
  expect(bandText({ least: 90 })).toBe('at least 90');
  expect(bandText({ most: 1.1 })).toBe('at most 1.1');
});
