import { PAGE_BYTES } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { OutOfMemory } from '../src/page-allocator.ts';
import { computer, RAM_BYTES } from './computer.ts';

it('maps RAM only', () => {
  const { device } = computer();
  expect(device.dma.map(RAM_BYTES - 4096, 4096, 'both')).toBe(RAM_BYTES - 4096);
  expect(() => device.dma.map(RAM_BYTES - 4096, 4097, 'both')).toThrow(RangeError);
});

it('costs the driver a call each way, and is traced by IOVA', () => {
  const { device, machine } = computer();
  machine.tracer.recording = true;
  const iova = device.dma.map(0x3000, 0x1000, 'to-device');
  device.dma.unmap(iova, 0x1000);
  expect(machine.now).toBe(2 * machine.profile.constants['driver.dmaMap'].value);
  expect([...machine.tracer]).toMatchObject([
    { kind: 'dmaMap', a: iova, b: 0x1000 },
    { kind: 'dmaUnmap', a: iova, b: 0x1000 },
  ]);
});

it('gives coherent memory that is whole pages, zeroed, and mapped both ways', () => {
  const { device, machine } = computer();
  const first = device.dma.allocateCoherent(5000);
  expect(first.bytes).toBe(5000);
  expect(first.address % PAGE_BYTES).toBe(0);
  expect(first.iova).toBe(first.address);
  device.memory.store32(first.address + 4996, 7);
  machine.tracer.recording = true;
  device.dma.freeCoherent(first);
  expect([...machine.tracer]).toMatchObject([{ kind: 'dmaUnmap', a: first.iova, b: 5000 }]);
  const again = device.dma.allocateCoherent(2 * PAGE_BYTES);
  expect(again.address).toBe(first.address);
  expect(device.memory.load32(again.address + 4996)).toBe(0);
});

it('lets coherent memory go for good, and only once', () => {
  const { device } = computer();
  const all = device.dma.allocateCoherent(RAM_BYTES);
  expect(() => device.dma.allocateCoherent(1)).toThrow(OutOfMemory);
  device.dma.freeCoherent(all);
  expect(device.dma.allocateCoherent(RAM_BYTES).address).toBe(0);
  device.dma.freeCoherent(all);
  expect(() => {
    device.dma.freeCoherent(all);
  }).toThrow(RangeError);
});
