import { expect, it } from 'vitest';
import { deviceStatus, featureSet, hasFeature, virtioFeatures, virtioIds } from '../src/virtio.ts';

it('2.1: the device status has these bits', () => {
  expect(deviceStatus).toEqual({
    ACKNOWLEDGE: 0x01,
    DRIVER: 0x02,
    DRIVER_OK: 0x04,
    FEATURES_OK: 0x08,
    DEVICE_NEEDS_RESET: 0x40,
    FAILED: 0x80,
  });
});

it('5: a GPU is device 16', () => {
  expect(virtioIds.GPU).toBe(16);
});

it('6: features of all devices have these numbers', () => {
  expect(virtioFeatures).toEqual({
    INDIRECT_DESC: 28,
    EVENT_IDX: 29,
    VERSION_1: 32,
    ACCESS_PLATFORM: 33,
    RING_PACKED: 34,
    IN_ORDER: 35,
    ORDER_PLATFORM: 36,
    SR_IOV: 37,
    NOTIFICATION_DATA: 38,
    NOTIF_CONFIG_DATA: 39,
    RING_RESET: 40,
    ADMIN_VQ: 41,
  });
});

it('a set of features has a bit for each, above 31 too', () => {
  const set = featureSet(0, 31, 32, 63);
  expect(set).toBe(0x8000000180000001n);
  expect([0, 1, 31, 32, 33, 63].map((bit) => hasFeature(set, bit))).toEqual([
    ...[true, false, true, true, false, true],
  ]);
  expect(featureSet()).toBe(0n);
});
