import { PAGE_BYTES } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { computer, RAM_BASE, RAM_BYTES } from './computer.ts';

it('is its part of the machine, from address 0 on', () => {
  const { device, memory } = computer();
  device.memory.write32(0x104, 0x11223344);
  expect(memory.words[(RAM_BASE + 0x104) / 4]).toBe(0x11223344);
  expect(device.memory.read32(0x104)).toBe(0x11223344);
});

it('ends where it ends', () => {
  const { device } = computer();
  expect(() => device.memory.read32(RAM_BYTES)).toThrow(RangeError);
  expect(() => {
    device.memory.copyIn(-4, new Uint8Array(4));
  }).toThrow(RangeError);
});

it('gives pages that are zero, though they were used before', () => {
  const { device } = computer();
  const first = device.memory.allocate(PAGE_BYTES);
  device.memory.write32(first, 5);
  device.memory.free(first);
  expect(device.memory.allocate(PAGE_BYTES)).toBe(first);
  expect(device.memory.read32(first)).toBe(0);
});

it('counts the bytes that the CPU copies', () => {
  const { device, machine } = computer();
  device.memory.copyIn(0, new Uint8Array(1000));
  device.memory.copyOut(0, new Uint8Array(24));
  expect(machine.counts.bytesCopied).toBe(1024);
});
