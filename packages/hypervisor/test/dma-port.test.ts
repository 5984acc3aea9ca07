import { expect, it } from 'vitest';
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
