import { BochsDisplay as BochsModel, Edu as EduModel } from '@doorbell/device-model';
import { expect, it } from 'vitest';
import { enableMsi } from '../src/msi.ts';
import { ProbeError } from '../src/pci.ts';
import { TestBench } from './harness.ts';

// Offsets of PCIe 6.0 §7.7.1, from edu's capability at 0x40.

it('programs the message and then enables it', () => {
  const { device, model } = new TestBench((host) => new EduModel(host));
  enableMsi(device, () => {});
  expect(model.configRead(0x44, 4)).toBe(0xfee00000);
  expect(model.configRead(0x48, 4)).toBe(0);
  expect(model.configRead(0x4c, 2)).toBe(0x21);
  expect(model.configRead(0x42, 2)).toBe(0x81);
});

it('runs the handler for a message of the device, until it is undone', () => {
  const { device, model } = new TestBench((host) => new EduModel(host));
  let runs = 0;
  const undo = enableMsi(device, () => runs++);
  device.config.write(4, 2, 0x6);
  model.barWrite(0, 0x60, 4, 1);
  device.clock.delay(1);
  expect(runs).toBe(1);
  undo();
  model.barWrite(0, 0x60, 4, 1);
  device.clock.delay(1);
  expect(runs).toBe(1);
  expect(model.configRead(0x42, 2)).toBe(0x80);
});

it('gives everything back', () => {
  const bench = new TestBench((host) => new EduModel(host));
  const undo = enableMsi(bench.device, () => {});
  expect(bench.leaks()).toEqual(['message 0x21']);
  undo();
  expect(bench.leaks()).toEqual([]);
});

it('refuses a function without the capability, and holds nothing then', () => {
  const bench = new TestBench((host) => new BochsModel(host));
  expect(() => enableMsi(bench.device, () => {})).toThrow(ProbeError);
  expect(bench.leaks()).toEqual([]);
});
