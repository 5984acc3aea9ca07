/**
 * The driver half of a split virtqueue, VIRTIO 1.3 §2.7. It knows whether there is room, and writes no
 * descriptor yet. The rules of each call are at the declaration of `DriverQueue`, in
 * `@doorbell/pv-frontend`; offsets and flags are in `@doorbell/abi`.
 *
 * The device is not trusted: copy what it returns, check it, then use it. What it may not do is a
 * `RingError`, which says what and names the section.
 */
import {
  availRing,
  usedRing,
  type Chain,
  type QueueSetup,
  type RingMemory,
  type RingOptions,
} from '@doorbell/abi';
import type { DriverQueue, IndirectTables } from '@doorbell/pv-frontend';

export class DriverHalf implements DriverQueue {
  readonly size: number;
  free: number;
  descriptors = 0;
  suppressed = 0;
  usedLength = 0;
  /** The chains up to here were taken. Indices run freely and wrap at 2^16 (§2.7.13.3). */
  private readonly lastUsed = 0;
  private readonly memory: RingMemory;
  private readonly setup: QueueSetup;
  private readonly options: RingOptions;
  private readonly tables: IndirectTables | undefined;

  constructor(
    memory: RingMemory,
    setup: QueueSetup,
    options: RingOptions,
    tables: IndirectTables | undefined,
  ) {
    this.memory = memory;
    this.setup = setup;
    this.options = options;
    this.tables = tables;
    this.size = setup.size;
    this.free = setup.size;
  }

  add(chain: Chain): number {
    if (chain.count > this.free) {
      return -1;
    }
    const tables = this.options.indirect ? (this.tables?.entries ?? 0) : 0;
    throw new Error(
      `There is room, and adding a chain is not written yet (entries of a table: ${tables}).`,
    );
  }

  publish(): boolean {
    return false;
  }

  take(): number {
    return -1;
  }

  disableNotifications(): void {
    // A hint: who ignores it is notified more often than it needs.
  }

  enableNotifications(): boolean {
    this.memory.release16(this.setup.driver + availRing.FLAGS, 0);
    return this.memory.acquire16(this.setup.device + usedRing.IDX) === this.lastUsed;
  }
}
