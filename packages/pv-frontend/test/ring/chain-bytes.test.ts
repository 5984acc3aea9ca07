import { expect, test } from 'vitest';
import { writableBytes } from '../../src/ring/chain-bytes.ts';
import { chainOf } from './hand-written.ts';

test('only what the device writes counts', () => {
  expect(writableBytes(chainOf([0, 5], [0, 6, 'write'], [0, 7, 'write']), 3)).toBe(13);
});

test('2.7.5.2: 2^32 bytes are a chain, one more is not', () => {
  const most = 2 ** 32 - 1;
  expect(writableBytes(chainOf([0, 1], [0, most, 'write']), 2)).toBe(most);
  expect(() => writableBytes(chainOf([0, 2], [0, most, 'write']), 2)).toThrow(RangeError);
});

test('2.8.17: a chain has as many buffers as the queue has entries, at most', () => {
  expect(writableBytes(chainOf([0, 1], [0, 1]), 2)).toBe(0);
  expect(() => writableBytes(chainOf([0, 1], [0, 1]), 1)).toThrow(RangeError);
});
