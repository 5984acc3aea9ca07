/** Which event lies at a place of the canvas. */
import { barsWithin } from './density.ts';
import { rowAt, timeAt, xOf, type Layout, type Row } from './layout.ts';
import { countBefore } from './order.ts';
import type { Bars } from './bars.ts';
import type { Lane, Track } from './lanes.ts';
import type { View } from './view.ts';

export interface Hit {
  readonly track: number;
  readonly id: number;
  /** From the place to the event, in pixels; 0 within its bar. */
  readonly distance: number;
  /** Events that are drawn in the same column. */
  readonly beside: number;
}

/** Bars that are looked at, back from the last that begins before the place. */
const BARS_LOOKED_AT = 64;

/**
 * The nearest event of the lane there. Where several are at the same time, the one after the track's
 * current one, so that one click after another comes to each.
 */
export function hitOf(
  { tracks, layout, view }: Plot,
  x: number,
  y: number,
  currentOf: (track: number) => number,
): Hit | undefined {
  const row = rowAt(layout, y);
  if (row === undefined) {
    return undefined;
  }
  const lane = tracks[row.track].lanes[row.lane];
  const time = timeAt(layout, view, x);
  const bar = y < row.markTop ? barAt(lane.bars, row, time, y) : undefined;
  if (bar !== undefined) {
    return { track: row.track, id: bar, distance: 0, beside: 1 };
  }
  const id = nearest(lane, time, currentOf(row.track));
  if (id === undefined) {
    return undefined;
  }
  const { columns, origin } = tracks[row.track];
  const half = (view.to - view.from) / layout.plotWidth / 2;
  return {
    ...{ track: row.track, id },
    distance: Math.abs(xOf(layout, view, columns.times[id - 1] - origin) - x),
    beside: countBefore(lane.times, time + half) - countBefore(lane.times, time - half),
  };
}

export interface Plot {
  readonly tracks: readonly Track[];
  readonly layout: Layout;
  readonly view: View;
}

function barAt(
  bars: Bars,
  { barTop, barHeight }: Row,
  time: number,
  y: number,
): number | undefined {
  const row = Math.floor(((y - barTop) / barHeight) * bars.rowCount);
  const { first, end } = barsWithin(bars, { from: time, to: time });
  for (let bar = end - 1; bar >= Math.max(first, end - BARS_LOOKED_AT); bar--) {
    if (bars.rows[bar] === row && bars.ends[bar] >= time) {
      return bars.ids[bar];
    }
  }
  return undefined;
}

/** The event nearest in time; of several at one time the one that follows `current`, or the first. */
export function nearest({ times, ids }: Lane, time: number, current: number): number | undefined {
  const after = countBefore(times, time);
  const isAfter =
    after === 0 || (after < times.length && times[after] - time <= time - times[after - 1]);
  const place = isAfter ? after : countBefore(times, times[after - 1]);
  if (place >= times.length) {
    return undefined;
  }
  for (let at = place; at < times.length && times[at] === times[place]; at++) {
    if (ids[at] === current && times[at + 1] === times[place]) {
      return ids[at + 1];
    }
  }
  return ids[place];
}
