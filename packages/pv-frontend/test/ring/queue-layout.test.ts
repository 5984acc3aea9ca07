import { LinearMemory } from '@doorbell/abi';
import { expect, test } from 'vitest';
import { PackedDriverQueue } from '../../src/ring/packed.ts';
import { checkSetup, queueLayout, setupAt } from '../../src/ring/queue-layout.ts';
import { SplitDriverQueue } from '../../src/ring/split.ts';

test('2.7: the parts of a split queue follow each other, aligned', () => {
  expect(queueLayout(false, 4, 0)).toEqual({
    size: 4,
    descriptors: 0,
    driver: 64,
    device: 80,
    tables: 128,
    entries: 0,
    bytes: 128,
  });
});

test('2.8.10.1: the parts of a packed queue follow each other; tables behind them', () => {
  expect(queueLayout(true, 3, 5)).toEqual({
    size: 3,
    descriptors: 0,
    driver: 48,
    device: 52,
    tables: 64,
    entries: 5,
    bytes: 64 + 3 * 5 * 16,
  });
});

test('a setup has the addresses of one of the two sides', () => {
  const setup = setupAt(queueLayout(false, 4, 0), 0x10_0000_0000);
  expect(setup).toEqual({
    size: 4,
    descriptors: 0x10_0000_0000,
    driver: 0x10_0000_0040,
    device: 0x10_0000_0050,
  });
});

test('2.7: a split queue has a power of two of entries, up to 32768', () => {
  for (const size of [1, 2, 256, 32768]) {
    expect(queueLayout(false, size, 0).size).toBe(size);
  }
  for (const size of [0, 3, 65536, 1.5, NaN]) {
    expect(() => queueLayout(false, size, 0)).toThrow(RangeError);
  }
});

test('2.8: a packed queue has 1 to 32768 entries', () => {
  for (const size of [1, 3, 32767, 32768]) {
    expect(queueLayout(true, size, 0).size).toBe(size);
  }
  for (const size of [0, 32769, -1]) {
    expect(() => queueLayout(true, size, 0)).toThrow(RangeError);
  }
});

test('an indirect table has 1024 entries at most', () => {
  expect(queueLayout(true, 1, 1024).entries).toBe(1024);
  expect(() => queueLayout(true, 1, 1025)).toThrow(RangeError);
});

test('2.7.1, 2.8.11: a part that is not aligned is refused', () => {
  const setup = { size: 4, descriptors: 0, driver: 64, device: 80 };
  expect(() => checkSetup(false, { ...setup, descriptors: 8 })).toThrow(/multiple of 16/);
  expect(() => checkSetup(false, { ...setup, driver: 65 })).toThrow(/multiple of 2/);
  expect(() => checkSetup(false, { ...setup, device: 82 })).toThrow(/multiple of 4/);
  expect(() => checkSetup(true, { ...setup, driver: 66 })).toThrow(/multiple of 4/);
  const memory = new LinearMemory(new ArrayBuffer(256));
  const options = { indirect: false, eventIdx: false, inOrder: false };
  for (const Queue of [SplitDriverQueue, PackedDriverQueue]) {
    expect(() => new Queue(memory, { ...setup, device: 81 }, options)).toThrow(/multiple of 4/);
  }
});
