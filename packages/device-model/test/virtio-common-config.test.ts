import type { AccessWidth } from '@doorbell/abi';
import { beforeEach, expect, it } from 'vitest';
import { CommonConfig } from '../src/virtio-common-config.ts';
import { FakeVirtioDevice } from './fake-virtio-device.ts';

/* Offsets and values are those of VIRTIO 1.3 §4.1.4.3, typed by hand. */
let device: FakeVirtioDevice;
let common: CommonConfig;
let resets: number;

beforeEach(() => {
  device = new FakeVirtioDevice();
  resets = 0;
  common = new CommonConfig({ device, messages: 4, onReset: () => resets++ });
});

const read = (offset: number, width: AccessWidth): number => common.read(offset, width);
const write = (offset: number, width: AccessWidth, value: number): void =>
  common.write(offset, width, value);

it('has these values after reset', () => {
  const at = (offset: number, width: AccessWidth): number => read(offset, width);
  expect([at(0x00, 4), at(0x08, 4), at(0x0c, 4)]).toEqual([0, 0, 0]);
  expect([at(0x10, 2), at(0x12, 2), at(0x14, 1), at(0x15, 1)]).toEqual([0xffff, 3, 0, 0]);
  expect([at(0x16, 2), at(0x18, 2), at(0x1a, 2)]).toEqual([0, 64, 0xffff]);
  expect([at(0x1c, 2), at(0x1e, 2), at(0x3a, 2)]).toEqual([0, 0, 0]);
  for (let half = 0x20; half < 0x38; half += 4) {
    expect(at(half, 4)).toBe(0);
  }
});

it('4.1.4.3.1: shows features in windows of 32, and 0 beyond', () => {
  device.features = 0x123456789abcdef0n;
  const windows = [0, 1, 2, 3, 0xffffffff].map((select) => {
    write(0x00, 4, select);
    return read(0x04, 4);
  });
  expect(windows).toEqual([0x9abcdef0, 0x12345678, 0, 0, 0]);
  write(0x04, 4, 7);
  expect(device.features).toBe(0x123456789abcdef0n);
});

it("4.1.4.3: takes the driver's features in windows, each without the other", () => {
  write(0x08, 4, 1);
  write(0x0c, 4, 0x80000001);
  write(0x08, 4, 0);
  write(0x0c, 4, 0xf0000000);
  expect(device.driverFeatures).toBe(0x80000001f0000000n);
  write(0x08, 4, 0xffffffff);
  write(0x0c, 4, 0xffffffff);
  expect(read(0x0c, 4)).toBe(0);
  write(0x08, 4, 1);
  expect(read(0x0c, 4)).toBe(0x80000001);
  expect(device.driverFeatures).toBe(0x80000001f0000000n);
});

it('4.1.5.1.2.1: keeps a vector that there is, and reads NO_VECTOR for another', () => {
  const written = [0, 3, 4, 0x7ff, 0xffff];
  const config = written.map((vector) => (write(0x10, 2, vector), read(0x10, 2)));
  const queue = written.map((vector) => (write(0x1a, 2, vector), read(0x1a, 2)));
  expect(config).toEqual([0, 3, 0xffff, 0xffff, 0xffff]);
  expect(queue).toEqual([0, 3, 0xffff, 0xffff, 0xffff]);
});

it('hands the status to the device, and shows what that made of it', () => {
  write(0x14, 1, 0x0b);
  expect(device.status).toBe(0x0b);
  device.status = 0x4b;
  expect(read(0x14, 1)).toBe(0x4b);
});

it('4.1.4.3.1: writing 0 to the status resets all of it', () => {
  write(0x00, 4, 1);
  write(0x08, 4, 1);
  write(0x14, 1, 3);
  write(0x10, 2, 1);
  write(0x16, 2, 1);
  write(0x18, 2, 8);
  write(0x1a, 2, 1);
  write(0x24, 4, 5);
  write(0x1c, 2, 1);
  write(0x14, 1, 0);
  expect(resets).toBe(1);
  expect([read(0x00, 4), read(0x08, 4), read(0x14, 1)]).toEqual([0, 0, 0]);
  expect([read(0x10, 2), read(0x16, 2)]).toEqual([0xffff, 0]);
  write(0x16, 2, 1);
  expect([read(0x18, 2), read(0x1a, 2), read(0x24, 4)]).toEqual([16, 0xffff, 0]);
  expect(read(0x1c, 2)).toBe(0);
});

it('4.1.3.1: an access of another width or alignment reads 0 and writes nothing', () => {
  write(0x14, 1, 1);
  expect([read(0x00, 2), read(0x14, 2), read(0x14, 4), read(0x12, 1)]).toEqual([0, 0, 0, 0]);
  expect([read(0x13, 2), read(0x16, 4), read(0x1d, 4), read(0x40, 4)]).toEqual([0, 0, 0, 0]);
  write(0x14, 4, 0xffffffff);
  write(0x14, 2, 0xffff);
  write(0x16, 1, 1);
  write(0x15, 2, 1);
  expect(device.status).toBe(1);
  expect(read(0x16, 2)).toBe(0);
});

it('4.1.4.3.1: the generation changes once the driver has read what changed', () => {
  const before = read(0x15, 1);
  device.configGeneration += 256;
  expect(read(0x15, 1)).toBe(before);
  common.look();
  const after = read(0x15, 1);
  expect(after).not.toBe(before);
  common.look();
  expect(read(0x15, 1)).toBe(after);
});
