/** What a recording knows of the driver's source beside its events. Plain data. */
import type { EventId } from '@doorbell/abi';

export interface SourceLine {
  /** Below `packages`: `guest-driver/src/bell/ring.ts`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export interface SourceLog {
  /** By the numbers that events have; the first stands for none. Grows as lines run for the first time. */
  readonly lines: readonly SourceLine[];
  /** Of the statements that had any in scope: a line for each, `name = value`. */
  readonly locals: ReadonlyMap<EventId, string>;
}

/** No source line. */
export const noSource: SourceLine = { file: '', line: 0 };
