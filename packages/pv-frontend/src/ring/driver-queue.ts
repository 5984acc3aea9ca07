/** The driver half of a virtqueue, split or packed: what the rest of the driver sees of it. */
import type { Chain, QueueSetup, RingMemory, RingOptions } from '@doorbell/abi';
import type { IndirectTables } from './queue-layout.ts';

/**
 * Makes the driver half of a virtqueue, split or packed, in memory that is zeroed.
 * @param setup  addresses as `memory` has them.
 * @param tables  what indirect descriptors may refer to; undefined: nothing.
 * @throws RangeError when no queue is like that: one of another size, or with a part that is not
 *   aligned (VIRTIO 1.3 §2.7.1, §2.8.11).
 */
export type OpenDriverQueue = (
  memory: RingMemory,
  setup: QueueSetup,
  options: RingOptions,
  tables: IndirectTables | undefined,
) => DriverQueue;

export interface DriverQueue {
  readonly size: number;
  /** Descriptors that are free. */
  readonly free: number;
  /** Descriptors that were made available so far, and notifications that the device did not want. */
  readonly descriptors: number;
  readonly suppressed: number;
  /**
   * Writes a chain's descriptors. Gives the id that `take` gives back, or -1: there is no room.
   * @throws RangeError when no chain is like that: one of no buffer, of more buffers than the queue
   *   has entries, or of more than 2^32 bytes.
   */
  add(chain: Chain): number;
  /** Makes all chains that were added visible to the device. True: it wants to be notified. */
  publish(): boolean;
  /**
   * Takes the next chain that the device has used: its id, or -1 when there is none.
   * @throws RingError when the device returns what it was not given, or more than it could write.
   */
  take(): number;
  /** Bytes that the device wrote to the chain that was taken last. */
  readonly usedLength: number;
  /** Asks the device not to notify: a hint. */
  disableNotifications(): void;
  /** Asks to be notified of the next used chain. False: there is one already; take it first. */
  enableNotifications(): boolean;
}
