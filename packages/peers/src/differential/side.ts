/** One of the two that are compared: a device behind the ports that a driver has. */
import type { Clock, Irq, Memory, PciDevice } from '@doorbell/abi';
import type { Picture } from '@doorbell/guest-driver';
import type { Random } from './random.ts';

export interface Side extends Pick<PciDevice, 'config' | 'mapBar'> {
  readonly memory: Pick<Memory, 'copyIn' | 'copyOut' | 'load32' | 'store32'>;
  readonly irq: Pick<Irq, 'requestLine' | 'releaseLine'>;
  readonly clock: Pick<Clock, 'now' | 'delay' | 'sleep'>;
  /** Where RAM is to try things in: `SCRATCH_BYTES` at the same address on both sides. */
  readonly scratch: number;
  /** What the device shows; undefined: it has no screen, or a dark one. */
  screen(): Promise<Picture | undefined>;
}

/** Of RAM, from address 0 on. */
export const MEMORY_BYTES = 64 << 20;
export const SCRATCH_BYTES = 0x1_0000;

/** Takes down what was seen, and where. */
export type Note = (where: string, seen: number | string) => void;

/**
 * What is done to a side, the same to both for the same seed. It may not decide by what it sees:
 * that is for the comparison.
 */
export type Sequence = (side: Side, random: Random, note: Note) => Promise<void> | void;
