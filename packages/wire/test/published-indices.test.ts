import { featureSet, virtioFeatures } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import { HINT, NO_QUEUE, PublishedIndices } from '../src/published-indices.ts';

const setup = { size: 4, descriptors: 0x1000, driver: 0x2000, device: 0x3000 };

describe('PublishedIndices', () => {
  it('knows idx of a split queue from what is asked beside it', () => {
    const driver = new PublishedIndices('driver');
    driver.set(3, setup, 0n);
    const used = 0x3002;
    expect([0x2002, 0x2000, 0x2000 + 12, used].map((at) => driver.queueOf(at))).toEqual([
      3,
      HINT,
      HINT,
      NO_QUEUE,
    ]);
  });

  it("knows a packed queue's flags from its event suppression", () => {
    const device = new PublishedIndices('device');
    device.set(1, setup, featureSet(virtioFeatures.RING_PACKED));
    expect([0x100e, 0x103e, 0x3002, 0x1040].map((at) => device.queueOf(at))).toEqual([
      1,
      1,
      HINT,
      NO_QUEUE,
    ]);
  });

  it('forgets queues', () => {
    const driver = new PublishedIndices('driver');
    driver.set(0, setup, 0n);
    driver.set(1, { ...setup, driver: 0x4000 }, 0n);
    driver.delete(0);
    expect([driver.queueOf(0x2002), driver.queueOf(0x4002)]).toEqual([NO_QUEUE, 1]);
    driver.clear();
    expect(driver.queueOf(0x4002)).toBe(NO_QUEUE);
  });
});
