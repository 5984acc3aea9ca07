/** Whoever follows a device command by command, beside its trace: to record what a driver sends. */
import type { GpuResponseName } from '@doorbell/abi';

export interface CommandFollower {
  /** A chain was taken from a queue. What is fetched next is the command in it. */
  taken(queue: number, chain: number): void;
  /** What the driver sent in it, all that the device looks at. The event `command` follows. */
  sent(bytes: Uint8Array): void;
  /**
   * Runs `store`, which puts the answer into the chain's buffers. Others may be served meanwhile, so
   * that only what it begins at once is surely of this chain: an answer in one buffer.
   */
  answering<T>(queue: number, chain: number, store: () => T): T;
  /** The chain is returned: the event `used` follows. */
  answered(queue: number, chain: number, response: GpuResponseName): void;
}
