/** What the lab needs of the world around it; browsers and Node hand in their own. */
import type { ConnectBackend } from './pv/remote.ts';

export interface Hash {
  update(bytes: Uint8Array): void;
  /** Lower-case hexadecimal. */
  digest(): string;
}

export interface Environment {
  readonly sha256: () => Hash;
  /** Milliseconds, from any start. */
  readonly wallMs: () => number;
  /** Lets the world go on between frames: signals, painting. */
  readonly breathe: () => Promise<void>;
  /** SHA-256 over the sources of a driver's package. */
  readonly driverSha256: (driver: string) => string;
  /** Reaches a paravirtual backend in a thread or behind a socket, where there are such. */
  readonly connectBackend?: ConnectBackend;
}

/** Where a comparison stands. */
export interface Progress {
  readonly stack: string;
  /** Frames that were drawn, by all guests, and how many there will be. */
  readonly frame: number;
  readonly frames: number;
}
