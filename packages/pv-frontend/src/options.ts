/** What is handed to the driver, and what may be chosen about it. */
import type { Clock, Dma, Memory } from '@doorbell/abi';
import type { OpenDriverQueue } from './ring/driver-queue.ts';

export interface FrontendParts {
  readonly memory: Memory;
  readonly dma: Dma;
  readonly clock: Clock;
  /** Runs when the device has done a flush, and will not be told again to show its frame. */
  readonly onFlushed?: () => void;
}

export interface FrontendOptions {
  readonly ring: 'split' | 'packed';
  /**
   * How the driver learns of used buffers. `interrupt`: by notifications, which are suppressed
   * while it looks itself (§2.7.7, §2.8.10). `event-idx`: likewise, at the one that it waits for.
   * `poll`: it looks.
   */
  readonly notify: 'interrupt' | 'event-idx' | 'poll';
  /** The most commands that are collected before they are published. A wait publishes what there is. */
  readonly batch: number;
  /**
   * A `Gpu` is a channel of the physical GPU (capset `bell-channel`), which the device must offer:
   * the driver submits to it by itself. Not with `recover`.
   */
  readonly channels?: boolean;
  /** Rebuild everything when the device was lost, in place of reporting it. */
  readonly recover: boolean;
  /** How long a lost device is waited for, with `recover`. 30 s when absent. */
  readonly recoveryNs?: number;
  /** Between two looks, with `poll`. 500 when absent. */
  readonly pollNs?: number;
  /** Make the driver half of a queue of that layout. Absent: this project's own. */
  readonly openSplit?: OpenDriverQueue | undefined;
  readonly openPacked?: OpenDriverQueue | undefined;
}
