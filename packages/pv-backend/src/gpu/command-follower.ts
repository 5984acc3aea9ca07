/** Whoever follows a device command by command, beside its trace: to record what a driver sends. */
import type { GpuResponseName } from '@doorbell/abi';

export interface CommandFollower {
  /** A chain was taken from a queue. What is fetched next is the command in it. */
  taken(queue: number, chain: number): void;
  /** What the driver sent in it, all that the device looks at. The event `command` follows. */
  sent(bytes: Uint8Array): void;
  /** The answer is stored and the chain returned next: the event `used` follows. */
  answered(queue: number, chain: number, response: GpuResponseName): void;
}
