import { featureSet, type FeatureSet, type QueueSetup, virtioFeatures } from '@doorbell/abi';
import { describe, expect, it } from 'vitest';
import type { Side } from '../src/messages.ts';
import { NotificationFilter } from '../src/notification-filter.ts';
import { noRanges } from '../src/ranges.ts';

const { EVENT_IDX, RING_PACKED } = virtioFeatures;
const setup: QueueSetup = { size: 4, descriptors: 0x1000, driver: 0x2000, device: 0x3000 };

function filter(receiver: Side, features: FeatureSet) {
  const memory = new Map<number, number>();
  const made = new NotificationFilter(receiver, setup, features);
  return {
    store: (address: number, value: number) => memory.set(address, value),
    wanted: (...slots: number[]) =>
      made.wanted(
        slots.length === 0
          ? noRanges
          : {
              count: slots.length,
              addresses: Float64Array.from(slots, (slot) => 0x1000 + 16 * slot),
              lengths: new Uint32Array(slots.length).fill(16),
              data: new Uint8Array(16 * slots.length),
            },
        (address) => memory.get(address) ?? 0,
      ),
  };
}

describe('a split queue', () => {
  it('2.7.7: is not wanted with VIRTQ_AVAIL_F_NO_INTERRUPT', () => {
    const { store, wanted } = filter('driver', 0n);
    store(0x3002, 1);
    expect(wanted()).toBe(true);
    store(0x2000, 1);
    store(0x3002, 2);
    expect(wanted()).toBe(false);
  });

  it('2.7.10: is not wanted with VIRTQ_USED_F_NO_NOTIFY', () => {
    const { store, wanted } = filter('device', 0n);
    store(0x3000, 1);
    store(0x2002, 1);
    expect(wanted()).toBe(false);
  });

  it('2.7.7.2: is wanted when used_event is passed, around 2^16 too', () => {
    const { store, wanted } = filter('driver', featureSet(EVENT_IDX));
    store(0x3002, 0xfffe);
    store(0x2000 + 4 + 8, 0xffff);
    wanted();
    store(0x3002, 0xffff);
    expect(wanted()).toBe(false);
    store(0x3002, 1);
    expect(wanted()).toBe(true);
    store(0x3002, 2);
    expect(wanted()).toBe(false);
  });

  it('is not wanted where no index has changed', () => {
    expect(filter('device', 0n).wanted()).toBe(false);
  });
});

describe('a packed queue', () => {
  const AVAIL = 1 << 7;
  const USED = 1 << 15;

  it('2.8.10: is not wanted with RING_EVENT_FLAGS_DISABLE', () => {
    const { store, wanted } = filter('device', featureSet(RING_PACKED));
    store(0x100e, AVAIL);
    expect(wanted(0)).toBe(true);
    store(0x3002, 1);
    store(0x101e, AVAIL);
    expect(wanted(1)).toBe(false);
  });

  it('2.8.10: is wanted when the descriptor that is asked for is passed, and in the next lap', () => {
    const { store, wanted } = filter('device', featureSet(RING_PACKED, EVENT_IDX));
    store(0x3002, 2);
    store(0x3000, 0x8000 | 2);
    store(0x100e, AVAIL);
    store(0x101e, AVAIL);
    expect(wanted(0, 1)).toBe(false);
    store(0x102e, AVAIL);
    expect(wanted(2)).toBe(true);
    // Slot 1 with wrap counter 0.
    store(0x3000, 1);
    store(0x103e, AVAIL);
    store(0x100e, USED);
    expect(wanted(3, 0)).toBe(false);
    store(0x101e, USED);
    expect(wanted(1)).toBe(true);
  });

  it('2.8.10: goes by the used flags where the driver receives', () => {
    const { store, wanted } = filter('driver', featureSet(RING_PACKED, EVENT_IDX));
    store(0x2002, 2);
    store(0x2000, 0x8000);
    // Available, not used: the device has published nothing there.
    store(0x100e, AVAIL);
    expect(wanted(0)).toBe(false);
    store(0x100e, AVAIL | USED);
    expect(wanted(0)).toBe(true);
  });
});
