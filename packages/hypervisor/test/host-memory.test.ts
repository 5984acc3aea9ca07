import { expect, test } from 'vitest';
import { HostMemory } from './host-memory.ts';

test('pages come zeroed, in order, and those given back first', () => {
  const memory = new HostMemory(0x20000);
  expect(memory.allocatePage()).toBe(0x10000);
  expect(memory.allocatePage()).toBe(0x11000);
  memory.poke(0x10000, 0x12345678);
  memory.freePage(0x10000);
  expect(memory.inUse).toBe(1);
  expect(memory.allocatePage()).toBe(0x10000);
  expect(memory.dump(0x10000, 4)).toBe('00 00 00 00');
  expect(memory.inUse).toBe(2);
});

test('a page that is not handed out cannot be given back', () => {
  const memory = new HostMemory(0x20000);
  const page = memory.allocatePage();
  memory.freePage(page);
  expect(() => memory.freePage(page)).toThrow(RangeError);
  expect(() => memory.freePage(0x11000)).toThrow(RangeError);
});

test('an empty pool says so', () => {
  const memory = new HostMemory(0x11000);
  memory.allocatePage();
  expect(() => memory.allocatePage()).toThrow('The pool is empty.');
});

test('a dump is little-endian bytes, and writes are noted by page', () => {
  const memory = new HostMemory(0x20000);
  memory.poke(0x1ffc, 0x04030201, 0x08070605);
  expect(memory.dump(0x1ffc, 8)).toBe('01 02 03 04 05 06 07 08');
  expect([...memory.dirty]).toEqual([1, 2]);
});
