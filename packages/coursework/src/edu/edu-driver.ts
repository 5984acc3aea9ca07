/** The contract of a driver of edu. docs/reference/edu.md says what the device asks of it. */
import type { PciDevice } from '@doorbell/abi';

/** A driver that has its device in hand. Several calls may be under way: each gets its turn. */
export interface EduDriver {
  /** n! modulo 2^32, unsigned. */
  factorial(n: number): Promise<number>;
  /** Puts bytes at `offset` of the device's buffer, by DMA. @throws RangeError when they do not fit; nothing was done then */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Gets the bytes at `offset` of the device's buffer, by DMA. @throws RangeError when there are less */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Gives everything back, and leaves the device as it was found. */
  remove(): void;
}

/** @throws Error when this is no edu, or one that does not answer; nothing is held and nothing is changed then. */
export type ProbeEdu = (device: PciDevice) => EduDriver | Promise<EduDriver>;
