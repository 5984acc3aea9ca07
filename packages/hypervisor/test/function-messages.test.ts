import { expect, test } from 'vitest';
import { FunctionMessages } from '../src/function-messages.ts';
import { FakeFunction } from './fake-function.ts';

test('an entry of the MSI-X table is masked while it is changed, and has address and data', () => {
  const fn = new FakeFunction();
  const messages = new FunctionMessages(fn);
  expect(messages.count('MSIX')).toBe(4);
  expect(messages.table).toEqual({ bar: 4, offset: 0, size: 64 });
  const writes: number[][] = [];
  fn.barWrite = (bar, offset, _width, value) => void writes.push([bar, offset, value]);
  messages.program('MSIX', 1, { address: 0x12_fee0_1000, data: 0x41 });
  expect(writes).toEqual([
    [4, 28, 1],
    [4, 16, 0xfee0_1000],
    [4, 20, 0x12],
    [4, 24, 0x41],
    [4, 28, 0],
  ]);
  messages.program('MSIX', 0, undefined);
  expect(writes.at(-1)).toEqual([4, 12, 1]);
});

test('MSI is one message in configuration space, which is turned on and off', () => {
  const fn = new FakeFunction();
  const messages = new FunctionMessages(fn);
  expect(messages.count('MSI')).toBe(1);
  messages.program('MSI', 0, { address: 0xfee0_1000, data: 0x30 });
  messages.enable('MSI', true);
  expect([0x4c, 0x50, 0x54].map((at) => fn.configRead(at, 4))).toEqual([0xfee0_1000, 0, 0x30]);
  expect(fn.configRead(0x4a, 2) & 1).toBe(1);
  messages.program('MSI', 0, undefined);
  messages.enable('MSI', false);
  expect(fn.configRead(0x4a, 2) & 1).toBe(0);
});
