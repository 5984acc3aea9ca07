/** Where things lie on the canvas, in CSS pixels. */
import type { Track } from './track.ts';
import type { View } from './view.ts';

/** Left of the plot: the lanes' names. */
export const GUTTER = 88;
const RIGHT = 12;
const OVERVIEW = { top: 4, row: 13 } as const;
const AXIS = 22;
const HEADER = 20;
const GAP = 8;

/** Heights of a lane with bars, of one without, and of the bars in it; less where guests are many. */
const roomy = { withBars: 34, without: 20, bars: 15 } as const;
const dense = { withBars: 20, without: 16, bars: 9 } as const;
const LANES_ROOMY = 7;

/** One lane of one track. */
export interface Row {
  readonly track: number;
  readonly lane: number;
  readonly top: number;
  readonly height: number;
  /** Bars lie above the marks. */
  readonly barTop: number;
  readonly barHeight: number;
  readonly markTop: number;
  readonly markHeight: number;
}

export interface Band {
  readonly headerTop: number;
  readonly headerHeight: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly plotLeft: number;
  readonly plotWidth: number;
  readonly overview: { readonly top: number; readonly rowHeight: number; readonly bottom: number };
  readonly axis: { readonly top: number; readonly bottom: number };
  readonly rows: readonly Row[];
  /** By track. */
  readonly bands: readonly Band[];
}

export function layoutOf(tracks: readonly Track[], width: number): Layout {
  const overviewBottom = OVERVIEW.top + OVERVIEW.row * Math.max(1, tracks.length);
  const rows: Row[] = [];
  const bands: Band[] = [];
  let top = overviewBottom + AXIS;
  tracks.forEach(({ lanes }, track) => {
    const headerTop = top;
    top += HEADER;
    const sizes = lanes.length > LANES_ROOMY ? dense : roomy;
    lanes.forEach(({ bars }, lane) => {
      const hasBars = bars.ids.length > 0;
      const height = hasBars ? sizes.withBars : sizes.without;
      const markTop = top + 2 + (hasBars ? sizes.bars : 0);
      rows.push({
        ...{ track, lane, top, height, markTop, barTop: top + 2 },
        barHeight: hasBars ? sizes.bars : 0,
        markHeight: top + height - 2 - markTop,
      });
      top += height;
    });
    bands.push({ headerTop, headerHeight: HEADER, top: headerTop + HEADER, bottom: top });
    top += GAP;
  });
  return {
    ...{ width, height: top, rows, bands },
    plotLeft: GUTTER,
    plotWidth: Math.max(1, width - GUTTER - RIGHT),
    overview: { top: OVERVIEW.top, rowHeight: OVERVIEW.row, bottom: overviewBottom },
    axis: { top: overviewBottom, bottom: overviewBottom + AXIS },
  };
}

/** Of a time. */
export function xOf({ plotLeft, plotWidth }: Layout, { from, to }: View, time: number): number {
  return plotLeft + ((time - from) / (to - from)) * plotWidth;
}

/** Of a place, within the view or beyond it. */
export function timeAt({ plotLeft, plotWidth }: Layout, { from, to }: View, x: number): number {
  return from + ((x - plotLeft) / plotWidth) * (to - from);
}

/** The lane there; the nearest of the track's where there is none. */
export function rowAt({ rows, bands }: Layout, y: number): Row | undefined {
  const track = bands.findIndex(({ headerTop, bottom }) => y >= headerTop && y < bottom);
  const own = rows.filter((row) => row.track === track);
  return own.find(({ top, height }) => y < top + height);
}
