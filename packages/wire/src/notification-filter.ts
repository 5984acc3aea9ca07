/**
 * Whether a queue's receiver had asked to be left alone. Where memory is mirrored every
 * publication arrives, so suppression is the receiver's to apply: it knows what it asked for,
 * while the sender's copy of it may be old.
 */
import {
  AVAIL_NO_INTERRUPT,
  availRing,
  DESC_BYTES,
  descFlags,
  eventFlags,
  hasFeature,
  needEvent,
  type FeatureSet,
  type QueueSetup,
  usedRing,
  virtioFeatures,
} from '@doorbell/abi';
import type { Ranges } from './ranges.ts';
import type { Side } from './messages.ts';

/** A receiver's view of its own memory, by IOVA. */
export type Load16 = (iova: number) => number;

export class NotificationFilter {
  private readonly setup: QueueSetup;
  private readonly packed: boolean;
  private readonly eventIdx: boolean;
  /** What the receiver writes, and what its peer publishes. */
  private readonly asks: number;
  private readonly event: number;
  private readonly index: number;
  private readonly usedBit: boolean;
  /** Of a split queue the peer's index, of a packed one its position, below twice the size. */
  private seen = 0;

  /** @param receiver  whose filter this is: the driver gets used buffers, the device available ones. */
  constructor(receiver: Side, setup: QueueSetup, features: FeatureSet) {
    const { size, driver, device } = setup;
    const drives = receiver === 'driver';
    this.setup = setup;
    this.packed = hasFeature(features, virtioFeatures.RING_PACKED);
    this.eventIdx = hasFeature(features, virtioFeatures.EVENT_IDX);
    this.asks = drives ? driver : device;
    this.event = this.asks + (drives ? availRing.usedEvent(size) : usedRing.availEvent(size));
    this.index = (drives ? device : driver) + availRing.IDX;
    this.usedBit = drives;
  }

  /** Whether what has just arrived, and was applied, is something that the receiver asked for. */
  wanted(ranges: Ranges, load16: Load16): boolean {
    return this.packed ? this.packedWanted(ranges, load16) : this.splitWanted(load16);
  }

  /** §2.7.7, §2.7.10. */
  private splitWanted(load16: Load16): boolean {
    const old = this.seen;
    this.seen = load16(this.index);
    if (this.seen === old) {
      return false;
    }
    return this.eventIdx
      ? needEvent(load16(this.event), this.seen, old)
      : (load16(this.asks) & AVAIL_NO_INTERRUPT) === 0;
  }

  /** §2.8.10. */
  private packedWanted(ranges: Ranges, load16: Load16): boolean {
    const { size } = this.setup;
    const old = this.seen;
    this.seen = this.packedPosition(ranges, load16);
    const flags = load16(this.asks + 2) & 3;
    if (flags !== eventFlags.DESC || !this.eventIdx) {
      return this.seen !== old && flags !== eventFlags.DISABLE;
    }
    const asked = load16(this.asks);
    const event = (asked & 0x7fff) + (asked >>> 15 === 1 ? 0 : size);
    const lap = 2 * size;
    return (this.seen - event - 1 + 2 * lap) % lap < (this.seen - old + lap) % lap;
  }

  /**
   * After the last descriptor whose flags came and say that the peer is done with it. A used
   * chain has them in its first descriptor alone: one that is asked for in its middle counts with
   * the next.
   */
  private packedPosition(ranges: Ranges, load16: Load16): number {
    const lap = 2 * this.setup.size;
    let far = 0;
    for (let index = 0; index < ranges.count; index++) {
      const first = (ranges.addresses[index] - this.setup.descriptors) / DESC_BYTES;
      const last = first + ranges.lengths[index] / DESC_BYTES;
      const end = Math.min(this.setup.size, Math.floor(last));
      for (let slot = Math.max(0, Math.ceil(first - 14 / DESC_BYTES)); slot < end; slot++) {
        far = Math.max(far, (this.position(slot, load16) - this.seen + lap) % lap);
      }
    }
    // More than a queue's size ahead is behind: an old mark that came again.
    return (this.seen + (far <= this.setup.size ? far : 0)) % lap;
  }

  /** The position after `slot` if it is marked, else where we are. */
  private position(slot: number, load16: Load16): number {
    const flags = load16(this.setup.descriptors + slot * DESC_BYTES + 14);
    const avail = (flags & descFlags.AVAIL) !== 0;
    const used = (flags & descFlags.USED) !== 0;
    if ((avail === used) !== this.usedBit) {
      return this.seen;
    }
    return (slot + 1 + (avail ? 0 : this.setup.size)) % (2 * this.setup.size);
  }
}
