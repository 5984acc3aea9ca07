/**
 * The device half of a split virtqueue, VIRTIO 1.3 §2.7. It sees that chains are there, and takes
 * none yet. The rules of each call are at the declaration of `DeviceQueue`, in
 * `@doorbell/pv-backend`; offsets and flags are in `@doorbell/abi`.
 *
 * The driver is not trusted: copy a field once, check it, then use it. What it may not do is a
 * `RingError`, which says what and names the section.
 */
import {
  availRing,
  usedRing,
  type Chain,
  type DeviceMemory,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import type { DeviceQueue } from '@doorbell/pv-backend';

export class DeviceHalf implements DeviceQueue {
  readonly size: number;
  descriptors = 0;
  suppressed = 0;
  /** Indices run freely and wrap at 2^16 (§2.7.13.3). */
  nextIndex = 0;
  private readonly memory: DeviceMemory;
  private readonly setup: QueueSetup;
  private readonly options: RingOptions;

  constructor(memory: DeviceMemory, setup: QueueSetup, options: RingOptions) {
    this.memory = memory;
    this.setup = setup;
    this.options = options;
    this.size = setup.size;
  }

  next(chain: Chain): boolean {
    const idx = this.memory.acquire16(this.setup.driver + availRing.IDX);
    if (idx === this.nextIndex) {
      return false;
    }
    chain.clear();
    throw new Error(
      `There is a chain, and taking one is not written yet (indirect: ${this.options.indirect}).`,
    );
  }

  put(id: number, written: number): void {
    throw new RangeError(`Chain ${id}, of ${written} bytes, cannot be returned: not written yet.`);
  }

  publish(): boolean {
    return false;
  }

  disableNotifications(): void {
    // A hint: who ignores it is notified more often than it needs.
  }

  enableNotifications(): boolean {
    this.memory.release16(this.setup.device + usedRing.FLAGS, 0);
    return this.memory.acquire16(this.setup.driver + availRing.IDX) === this.nextIndex;
  }
}
