/**
 * The device half of a packed virtqueue, VIRTIO 1.3 §2.8. It sees that lists are there, and takes none
 * yet. The rules of each call are at the declaration of `DeviceQueue`, in `@doorbell/pv-backend`;
 * offsets and flags are in `@doorbell/abi`.
 *
 * The driver is not trusted: copy a field once, check it, then use it. What it may not do is a
 * `RingError`, which says what and names the section.
 */
import {
  DESC_BYTES,
  descFlags,
  eventFlags,
  eventSuppress,
  packedDesc,
  type Chain,
  type DeviceMemory,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import type { DeviceQueue } from '@doorbell/pv-backend';

const { AVAIL, USED } = descFlags;

export class DeviceHalf implements DeviceQueue {
  readonly size: number;
  descriptors = 0;
  suppressed = 0;
  /** Where the next list begins, and the wrap counter there as the flags that it gives (§2.8.1). */
  nextIndex = 0;
  private availFlags: number = AVAIL;
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
    if (!this.isAvailable()) {
      return false;
    }
    chain.clear();
    // Behind the last descriptor comes the first, and the flags of both bits change.
    this.availFlags ^= this.nextIndex === this.size - 1 ? AVAIL | USED : 0;
    throw new Error(
      `There is a list, and taking one is not written yet (indirect: ${this.options.indirect}).`,
    );
  }

  put(id: number, written: number): void {
    throw new RangeError(`List ${id}, of ${written} bytes, cannot be returned: not written yet.`);
  }

  publish(): boolean {
    return false;
  }

  disableNotifications(): void {
    // A hint: who ignores it is notified more often than it needs.
  }

  enableNotifications(): boolean {
    const { flags } = eventSuppress.offsets;
    this.memory.release16(this.setup.device + flags, eventFlags.ENABLE);
    return !this.isAvailable();
  }

  /** §2.8.1: AVAIL is the wrap counter, and USED is not. */
  private isAvailable(): boolean {
    const at = this.setup.descriptors + DESC_BYTES * this.nextIndex;
    const flags = this.memory.acquire16(at + packedDesc.offsets.flags);
    return (flags & (AVAIL | USED)) === this.availFlags;
  }
}
