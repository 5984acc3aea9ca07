import { PAGE_BYTES } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { computer, RAM_BASE, RAM_BYTES } from './computer.ts';

it('is its part of the machine, from address 0 on', () => {
  const { device, memory } = computer();
  device.memory.store32(0x104, 0x11223344);
  expect(memory.words[(RAM_BASE + 0x104) / 4]).toBe(0x11223344);
  expect(device.memory.load32(0x104)).toBe(0x11223344);
});

it('ends where it ends', () => {
  const { device } = computer();
  expect(() => device.memory.load32(RAM_BYTES)).toThrow(RangeError);
  expect(() => {
    device.memory.copyIn(-4, new Uint8Array(4));
  }).toThrow(RangeError);
});

it('gives pages that are zero, though they were used before', () => {
  const { device } = computer();
  const first = device.memory.allocate(PAGE_BYTES);
  device.memory.store32(first, 5);
  device.memory.free(first);
  expect(device.memory.allocate(PAGE_BYTES)).toBe(first);
  expect(device.memory.load32(first)).toBe(0);
});

it('counts the bytes that the CPU copies', () => {
  const { device, machine } = computer();
  device.memory.copyIn(0, new Uint8Array(1000));
  device.memory.copyOut(0, new Uint8Array(24));
  expect(machine.counts.bytesCopied).toBe(1024);
});

it('has both halves of a word, little-endian, each by itself', () => {
  const { device, memory } = computer();
  device.memory.store32(0x104, 0x11223344);
  expect([device.memory.load16(0x104), device.memory.load16(0x106)]).toEqual([0x3344, 0x1122]);
  device.memory.store16(0x106, 0xffff);
  expect(device.memory.load32(0x104)).toBe(0xffff3344);
  expect(memory.halves[(RAM_BASE + 0x106) / 2]).toBe(0xffff);
});

it('publishes by release16 what acquire16 sees', () => {
  const { device } = computer();
  device.memory.release16(0x200, 0xfffe);
  device.memory.fence();
  expect([device.memory.acquire16(0x200), device.memory.load16(0x200)]).toEqual([0xfffe, 0xfffe]);
  device.memory.store16(0x200, 1);
  expect(device.memory.acquire16(0x200)).toBe(1);
});

it('has no half words beyond its end', () => {
  const { memory: ram } = computer().device;
  expect(() => ram.load16(RAM_BYTES)).toThrow(RangeError);
  expect(() => ram.acquire16(RAM_BYTES)).toThrow(RangeError);
  expect(() => {
    ram.store16(RAM_BYTES, 0);
  }).toThrow(RangeError);
  expect(() => {
    ram.release16(-2, 0);
  }).toThrow(RangeError);
});

it('charges each load and store, traces each store, and marks its page', () => {
  const { device, machine, memory } = computer();
  machine.tracer.recording = true;
  const before = memory.save();
  device.memory.store16(0x1002, 1);
  device.memory.release16(0x2004, 2);
  device.memory.load16(0x1002);
  device.memory.acquire16(0x2004);
  const price = machine.profile.constants['driver.load'].value;
  expect(machine.now).toBe(4 * Math.max(1, price));
  expect([...machine.tracer]).toMatchObject([
    { kind: 'memoryWrite', a: 0x1002, b: 2 },
    { kind: 'memoryWrite', a: 0x2004, b: 2 },
  ]);
  const after = memory.save();
  memory.load(before);
  expect(device.memory.load16(0x1002)).toBe(0);
  memory.load(after);
  expect([device.memory.load16(0x1002), device.memory.load16(0x2004)]).toEqual([1, 2]);
});
