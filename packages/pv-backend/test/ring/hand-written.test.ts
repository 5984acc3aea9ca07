import { expect, test } from 'vitest';
import {
  buffersOf,
  bytesAt,
  CountingMemory,
  hex,
  newChain,
  newMemory,
  setBytes,
  writeDesc,
} from './hand-written.ts';

test('a descriptor is 16 bytes, little-endian', () => {
  const memory = newMemory();
  writeDesc(memory, 16, 0x1_2345_6000, 24, 1, 2);
  expect(bytesAt(memory, 16, 16)).toBe(hex('00604523 01000000 18000000 0100 0200'));
  writeDesc(memory, 16, { low: 1, high: 0x10_0000 }, 0, 0, 0);
  expect(bytesAt(memory, 16, 8)).toBe(hex('01000000 00001000'));
});

test('bytes are set as they are read', () => {
  const memory = newMemory();
  setBytes(memory, 3, '0a 0b');
  expect(bytesAt(memory, 2, 4)).toBe('000a0b00');
});

test('a chain is listed buffer by buffer', () => {
  const chain = newChain();
  chain.push(1, 2, false);
  chain.push(3, 4, true);
  expect(buffersOf(chain)).toEqual([
    [1, 2, false],
    [3, 4, true],
  ]);
});

test('loads are counted by address', () => {
  const memory = new CountingMemory(new ArrayBuffer(64));
  memory.load32(4);
  memory.load32(4);
  memory.load16(8);
  memory.acquire16(10);
  expect([...memory.loads]).toEqual([
    [4, 2],
    [8, 1],
    [10, 1],
  ]);
});
