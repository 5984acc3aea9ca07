import { expect, test } from 'vitest';
import {
  access,
  address,
  columns,
  hexId,
  MisuseError,
  number,
  oneOf,
  splitWords,
  width,
} from '../../src/vfio/words.ts';

test('words are apart by spaces, but in quotes; a comment ends the line', () => {
  expect(splitWords('  map 0 0x1000\t4K # all of it')).toEqual(['map', '0', '0x1000', '4K']);
  expect(splitWords('poke 0 "two words"')).toEqual(['poke', '0', 'two words']);
  expect(splitWords('# nothing')).toEqual([]);
  expect(() => splitWords('lspci \u001b[2J')).toThrow(MisuseError);
});

test('numbers are decimal or hexadecimal, with a suffix', () => {
  expect(['0', '17', '0x1f', '4K', '1M', '0x2G'].map(number)).toEqual([
    0,
    17,
    31,
    4096,
    2 ** 20,
    2 ** 31,
  ]);
  for (const wrong of ['', '-1', '1.5', 'x', '0x', '1T', '99999999999999999999']) {
    expect(() => number(wrong), wrong).toThrow(MisuseError);
  }
});

test('functions are named as lspci names them', () => {
  expect(address('01:00.1')).toBe(0x101);
  expect(address('0000:0a:1f.7')).toBe(0x0aff);
  for (const wrong of ['1:00.0', '01:20.0', '01:00.8', '0001:01:00.0', '']) {
    expect(() => address(wrong), wrong).toThrow(MisuseError);
  }
});

test('ids, widths, accesses and choices', () => {
  expect([hexId('be11'), hexId('0x1234')]).toEqual([0xbe11, 0x1234]);
  expect(() => hexId('12345')).toThrow(MisuseError);
  expect(width('2')).toBe(2);
  expect(() => width('3')).toThrow(MisuseError);
  expect(access('r')).toEqual({ read: true, write: false });
  expect(access('rw')).toEqual({ read: true, write: true });
  expect(() => access('x')).toThrow(MisuseError);
  expect(oneOf('b', ['a', 'b'])).toBe('b');
  expect(() => oneOf('c', ['a', 'b'])).toThrow('there is a, b');
});

test('columns are as wide as their widest entry, and end with text', () => {
  expect(
    columns([
      ['a', 'bb', ''],
      ['ccc', 'd', 'e'],
    ]),
  ).toBe('a    bb\nccc  d   e');
});
