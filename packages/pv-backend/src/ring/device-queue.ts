/** The device half of a virtqueue, split or packed: what the rest of the device sees of it. */
import type { Chain } from '@doorbell/abi';

export interface DeviceQueue {
  readonly size: number;
  /** Descriptors that were read so far, and notifications that the driver did not want. */
  readonly descriptors: number;
  readonly suppressed: number;
  /** The available index of the next chain: all before it were taken. Of a packed queue: modulo its size. */
  readonly nextIndex: number;
  /**
   * Takes the next available chain. False: there is none.
   * @throws RingError when the driver breaks a rule of the ring; the device then needs a reset.
   */
  next(chain: Chain): boolean;
  /** Returns a chain that was taken, `written` bytes long; not visible before `publish`. */
  put(id: number, written: number): void;
  /** Makes all chains that were returned visible to the driver. True: it wants to be notified. */
  publish(): boolean;
  /** Asks the driver not to notify: a hint. */
  disableNotifications(): void;
  /** Asks to be notified of the next chain. False: there is one already; take it first. */
  enableNotifications(): boolean;
}
