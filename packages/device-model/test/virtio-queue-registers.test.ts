import { type AccessWidth, virtioFeatures } from '@doorbell/abi';
import { beforeEach, expect, it } from 'vitest';
import { CommonConfig } from '../src/virtio-common-config.ts';
import { FakeVirtioDevice } from './fake-virtio-device.ts';

/* Offsets and values are those of VIRTIO 1.3 §4.1.4.3, typed by hand. */
let device: FakeVirtioDevice;
let common: CommonConfig;

beforeEach(() => {
  device = new FakeVirtioDevice();
  common = new CommonConfig({ device, messages: 4, onReset: () => {} });
});

const read = (offset: number, width: AccessWidth): number => common.read(offset, width);
const write = (offset: number, width: AccessWidth, value: number): void =>
  common.write(offset, width, value);

const set = (queue: number): void => {
  write(0x16, 2, queue);
};

it('belong to the queue that is selected', () => {
  set(1);
  write(0x18, 2, 8);
  write(0x20, 4, 0x1000);
  set(0);
  expect([read(0x18, 2), read(0x1e, 2), read(0x20, 4)]).toEqual([64, 0, 0]);
  set(1);
  expect([read(0x18, 2), read(0x1e, 2), read(0x20, 4)]).toEqual([8, 1, 0x1000]);
});

it.each([2, 3, 0xffff])('4.1.4.3.1: show size 0 for queue %i, which is not there', (queue) => {
  set(queue);
  write(0x18, 2, 4);
  write(0x1a, 2, 1);
  write(0x20, 4, 1);
  write(0x3a, 2, 1);
  write(0x1c, 2, 1);
  expect([read(0x18, 2), read(0x1a, 2), read(0x20, 4)]).toEqual([0, 0xffff, 0]);
  expect([read(0x1c, 2), read(0x1e, 2), read(0x3a, 2)]).toEqual([0, 0, 0]);
  expect(device.made.some(({ enabled }) => enabled)).toBe(false);
});

it('4.1.4.3.1: of a split queue have sizes that are powers of two, and fit', () => {
  const sizes = [32, 0, 33, 128, 0x8000, 1].map((size) => (write(0x18, 2, size), read(0x18, 2)));
  expect(sizes).toEqual([32, 32, 32, 32, 32, 1]);
});

it('of a packed queue have any size that fits', () => {
  device.negotiate(virtioFeatures.VERSION_1, virtioFeatures.RING_PACKED);
  const sizes = [33, 0, 65, 5].map((size) => (write(0x18, 2, size), read(0x18, 2)));
  expect(sizes).toEqual([33, 33, 33, 5]);
});

it('4.1.3.2: take both halves of an address by themselves, and all its bits', () => {
  for (let at = 0x20; at < 0x38; at += 4) {
    write(at, 4, 0xffffffff - at);
  }
  write(0x20, 4, 0x12345678);
  expect(read(0x24, 4)).toBe(0xffffffff - 0x24);
  expect(read(0x20, 4)).toBe(0x12345678);
});

it('4.1.5.1.3: tell the device of the queue when it is enabled', () => {
  write(0x18, 2, 32);
  write(0x20, 4, 0x10000);
  write(0x24, 4, 1);
  write(0x28, 4, 0x20002);
  write(0x30, 4, 0x30004);
  write(0x34, 4, 2);
  write(0x1c, 2, 1);
  expect(read(0x1c, 2)).toBe(1);
  expect(device.made[0]).toEqual({
    maxSize: 64,
    enabled: true,
    setup: { size: 32, descriptors: 0x100010000, driver: 0x20002, device: 0x200030004 },
  });
});

it('4.1.4.3.2: of an enabled queue do not change, but for its vector', () => {
  write(0x1c, 2, 1);
  write(0x18, 2, 32);
  write(0x20, 4, 0x10000);
  write(0x1a, 2, 2);
  write(0x1c, 2, 0);
  expect([read(0x18, 2), read(0x20, 4), read(0x1a, 2), read(0x1c, 2)]).toEqual([64, 0, 2, 1]);
});

it('4.1.4.3.2: enable a queue by 1 alone', () => {
  write(0x1c, 2, 2);
  write(0x1c, 2, 0xffff);
  expect(read(0x1c, 2)).toBe(0);
});

it('4.1.4.3: have no reset unless RING_RESET was negotiated', () => {
  write(0x1c, 2, 1);
  write(0x3a, 2, 1);
  expect([read(0x1c, 2), read(0x3a, 2)]).toEqual([1, 0]);
});

it('2.6.1.1: have their reset values once the queue was reset', () => {
  device.negotiate(virtioFeatures.RING_RESET);
  write(0x18, 2, 32);
  write(0x20, 4, 0x10000);
  write(0x1a, 2, 1);
  write(0x1c, 2, 1);
  write(0x3a, 2, 0);
  expect(read(0x1c, 2)).toBe(1);
  write(0x3a, 2, 1);
  expect([read(0x3a, 2), read(0x1c, 2)]).toEqual([0, 0]);
  expect([read(0x18, 2), read(0x20, 4), read(0x1a, 2)]).toEqual([64, 0, 0xffff]);
});

it('4.1.4.3.1: show 1 in QUEUE_RESET while the reset goes on, and 0 once enabled again', () => {
  device.negotiate(virtioFeatures.RING_RESET);
  device.slowReset = true;
  write(0x1c, 2, 1);
  write(0x3a, 2, 1);
  expect([read(0x3a, 2), read(0x1c, 2)]).toEqual([1, 1]);
  device.made[0].enabled = false;
  expect([read(0x3a, 2), read(0x1c, 2)]).toEqual([0, 0]);
  write(0x1c, 2, 1);
  expect([read(0x3a, 2), read(0x1c, 2)]).toEqual([0, 1]);
});
