/** Who does again what was recorded of it, by the number that a recording has. */
import type { Crossing } from './recorder.ts';

/** What was read, or returned; undefined: nothing. */
export type Seen = number | Uint8Array | undefined;

export interface Player {
  play(crossing: Crossing): Seen;
}
