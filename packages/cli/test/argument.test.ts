import { InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { pictureSize, wholeNumber } from '../src/argument.ts';

test('reads whole numbers up to and including both bounds', () => {
  const parse = wholeNumber(1, 100_000);
  expect([parse('1'), parse('060'), parse('100000')]).toEqual([1, 60, 100_000]);
});

test.each(['0', '100001', '-1', '1.5', '1e3', '0x10', '', ' 7', 'many', '9'.repeat(400)])(
  'refuses %j as a number of frames',
  (text) => {
    expect(() => wholeNumber(1, 100_000)(text)).toThrow(InvalidArgumentError);
  },
);

test('reads a size', () => {
  expect(pictureSize(16, 4096)('640x480')).toEqual({ width: 640, height: 480 });
  expect(pictureSize(16, 4096)('16X4096')).toEqual({ width: 16, height: 4096 });
});

test.each(['640', '640x', 'x480', '640x480x32', '15x480', '640x4097', '-640x480', '6.4x480'])(
  'refuses %j as a size, and says what is accepted',
  (text) => {
    expect(() => pictureSize(16, 4096)(text)).toThrow(/640x480, each from 16 to 4096/);
  },
);
