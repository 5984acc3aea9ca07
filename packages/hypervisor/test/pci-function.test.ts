import { expect, test } from 'vitest';
import { barShapes, findCapability } from '../src/pci-function.ts';
import { FakeFunction } from './fake-function.ts';

test('a capability is found by its id', () => {
  const fn = new FakeFunction();
  expect([0x01, 0x05, 0x11, 0x10].map((id) => findCapability(fn, id))).toEqual([
    0x40, 0x48, 0x58, 0x64,
  ]);
  expect(findCapability(fn, 0x09)).toBe(0);
});

test('a list that loops ends', () => {
  const looping = new FakeFunction();
  looping.configRead = (offset) =>
    offset === 0x06 ? 0x10 : offset === 0x34 || offset % 4 === 1 ? 0x40 : 0;
  expect(findCapability(looping, 0x11)).toBe(0);
});

test('BARs are sized, and keep address and decoding', () => {
  const fn = new FakeFunction();
  fn.configWrite(0x04, 2, 6);
  const read = (): number[] =>
    [0x04, 0x10, 0x14, 0x18, 0x1c, 0x20].map((at) => fn.configRead(at, 4));
  const before = read();
  expect([...barShapes(fn)]).toEqual([
    [0, { size: 0x1_0000, is64: false, prefetchable: false }],
    [2, { size: 0x400_0000, is64: true, prefetchable: true }],
    [4, { size: 0x4000, is64: false, prefetchable: false }],
  ]);
  expect(read()).toEqual(before);
});

test('memory is not decoded while a BAR holds all ones', () => {
  const fn = new FakeFunction();
  fn.configWrite(0x04, 2, 2);
  const decodedThen: boolean[] = [];
  const write = fn.configWrite.bind(fn);
  fn.configWrite = (offset, width, value) => {
    if (value === 0xffff_ffff) {
      decodedThen.push((fn.configRead(0x04, 2) & 2) !== 0);
    }
    write(offset, width, value);
  };
  barShapes(fn);
  expect(decodedThen.length).toBeGreaterThan(0);
  expect(decodedThen).not.toContain(true);
  expect(fn.configRead(0x04, 2)).toBe(2);
});
