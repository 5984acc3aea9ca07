import { LinearMemory } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { bytesAt, chainOf, hex } from './hand-written.ts';

test('a chain has its buffers in order, those that the device reads first', () => {
  const chain = chainOf([1, 2], [3, 4, 'write']);
  expect([chain.count, chain.readable]).toEqual([2, 1]);
  expect([...chain.addresses]).toEqual([1, 3]);
  expect([...chain.lengths]).toEqual([2, 4]);
});

test('bytes are two digits each', () => {
  const memory = new LinearMemory(new ArrayBuffer(4));
  memory.store32(0, 0x0a0b_0c0d);
  expect(bytesAt(memory, 1, 2)).toBe(hex('0c\n 0b'));
});
