/** What the timeline draws of a recording. */
import type { Actor, EventColumns } from '@doorbell/lab';
import type { Bars } from './bars.ts';

export interface Lane {
  readonly actor: Actor;
  readonly label: string;
  /** Sorted, in nanoseconds of the axis. */
  readonly times: Float64Array;
  /** The event of each time. */
  readonly ids: Uint32Array;
  readonly bars: Bars;
}

/** One recording laid out: its lanes, and in each its events and bars in the order of time. */
export interface Track {
  readonly name: string;
  readonly columns: EventColumns;
  /** The virtual time that is 0 on the axis: the application begins. */
  readonly origin: number;
  /** Times of the axis. */
  readonly first: number;
  readonly last: number;
  readonly lanes: readonly Lane[];
  /** By the place of an event (its id less 1). */
  readonly laneOf: Uint8Array;
  readonly ends: Uint32Array;
}
