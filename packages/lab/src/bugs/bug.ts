/**
 * A bug: one access of a driver that is lost or altered on its way. The driver itself stays as it is;
 * what is handed to it is broken.
 */
import type { PciDevice } from '@doorbell/abi';
import type { CauseId } from '../explain/causes.ts';

/** What a bug does to a stack. */
export interface StackBug {
  /** What each guest's driver is handed in place of its device. */
  readonly breaks?: (device: PciDevice) => PciDevice;
  /** The GPU has an audio function, which whoever sets the host up does not think of. */
  readonly hasAudio?: boolean;
}

export interface Bug extends StackBug {
  readonly id: string;
  /** One sentence, which does not give the cause away. */
  readonly title: string;
  /** What `explain` finds. */
  readonly cause: CauseId;
  /** Where it can be had: stacks with the options that it needs. The first is where it is shown. */
  readonly stacks: readonly string[];
}
