import { expect, test } from 'vitest';
import { FakeFunction, FakeInterrupts } from './fake-function.ts';

test('configuration space keeps only what may be written', () => {
  const fn = new FakeFunction();
  fn.configWrite(0, 4, 0xffff_ffff);
  expect(fn.configRead(0, 4)).toBe(0xbe11_1234);
  fn.configWrite(0x10, 4, 0xffff_ffff);
  expect(fn.configRead(0x10, 4)).toBe(0xffff_0000);
  fn.configWrite(0x05, 1, 0xff);
  expect(fn.configRead(0x04, 2)).toBe(0x0400);
});

test('the capability list leads from PM to PCIe', () => {
  const fn = new FakeFunction();
  const ids: number[] = [];
  for (let at = fn.configRead(0x34, 1); at !== 0; at = fn.configRead(at + 1, 1)) {
    ids.push(fn.configRead(at, 1));
  }
  expect(ids).toEqual([0x01, 0x05, 0x11, 0x10]);
});

test('a function-level reset clears BARs, command and registers, and reads back as 0', () => {
  const fn = new FakeFunction();
  fn.configWrite(0x04, 2, 6);
  fn.barWrite(0, 8, 4, 5);
  fn.configWrite(0x6c, 2, 0xa810);
  expect(fn.resets).toBe(1);
  expect(fn.configRead(0x6c, 2)).toBe(0x2810);
  expect(fn.configRead(0x04, 2)).toBe(0);
  expect(fn.configRead(0x10, 4)).toBe(0);
  expect(fn.barRead(0, 8)).toBe(0);
});

test('a copy has the same configuration space and registers, of its own', () => {
  const fn = new FakeFunction();
  fn.configWrite(0x04, 2, 6);
  fn.barWrite(0, 8, 4, 5);
  const copy = new FakeFunction();
  copy.barWrite(0, 12, 4, 7);
  copy.copy(fn);
  fn.configWrite(0x04, 2, 0);
  fn.barWrite(0, 8, 4, 0);
  expect(copy.configRead(0x04, 2)).toBe(6);
  expect([copy.barRead(0, 8), copy.barRead(0, 12)]).toEqual([5, 0]);
});

test('interrupts reach their handlers until they are released', () => {
  const interrupts = new FakeInterrupts();
  const seen: string[] = [];
  const message = interrupts.request(() => seen.push('message'));
  interrupts.requestLine(() => seen.push('line'));
  interrupts.fire(message.data);
  interrupts.raise();
  interrupts.release(message);
  interrupts.releaseLine();
  interrupts.fire(message.data);
  interrupts.raise();
  expect(seen).toEqual(['message', 'line']);
  interrupts.adopt(message, () => seen.push('adopted'));
  interrupts.fire(message.data);
  expect(seen).toEqual(['message', 'line', 'adopted']);
});
