import { deviceStatus, featureSet } from '@doorbell/abi';
import { expect, it } from 'vitest';
import { FakeVirtioDevice } from './fake-virtio-device.ts';

it('notes what it is told', () => {
  const device = new FakeVirtioDevice([8]);
  const setup = { size: 4, descriptors: 16, driver: 32, device: 48 };
  device.setQueue(0, setup);
  device.enableQueue(0);
  device.notify(0);
  expect(device.queue(0)).toEqual({ maxSize: 8, setup, enabled: true });
  expect(device.notified).toEqual([0]);
  device.negotiate(1, 40);
  expect(device.driverFeatures).toBe(featureSet(1, 40));
  expect(device.status).toBe(deviceStatus.FEATURES_OK);
});

it('disables its queues when it is reset, and a queue that is reset unless that is slow', () => {
  const device = new FakeVirtioDevice([8, 8]);
  device.enableQueue(0);
  device.enableQueue(1);
  device.resetQueue(0);
  expect([device.queue(0).enabled, device.queue(1).enabled]).toEqual([false, true]);
  device.slowReset = true;
  device.resetQueue(1);
  expect(device.queue(1).enabled).toBe(true);
  device.negotiate(1);
  device.writeStatus(0);
  expect([device.queue(1).enabled, device.driverFeatures, device.status]).toEqual([false, 0n, 0]);
});

it('has a configuration that ends', () => {
  const device = new FakeVirtioDevice();
  device.writeConfig(14, Uint8Array.of(0xaa, 0xbb, 0xcc));
  const into = new Uint8Array(4);
  device.readConfig(13, into);
  expect([...into]).toEqual([14, 0xaa, 0xbb, 0]);
});
