/** Where things lie on the canvas, in CSS pixels. */
import type { Bars } from './bars.ts';
import type { Track } from './lanes.ts';
import type { View } from './view.ts';

/** Left of the plot: the lanes' names. */
const GUTTER = 88;
const RIGHT = 12;
/** Right of the overview: the buttons. */
const TOOLS = 268;
const OVERVIEW = { top: 4, height: 22, row: 11, least: 40 } as const;
const AXIS = 20;
const HEADER = 16;
const GAP = 4;
/** Around what is in a lane. */
const INSET = 1;

/** A lane with bars is this many times as high as one without. */
const WITH_BARS = 1.7;
/** Heights of a lane without bars: what does not fit is scrolled to. */
const LANE = { least: 11, most: 24 } as const;

/** What there is room for: CSS pixels, and the size of the letters, 1 being the usual one. */
export interface Room {
  readonly width: number;
  readonly height: number;
  readonly scale: number;
  /** Pixels of lanes that are above what is seen. */
  readonly scrolled: number;
}

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

interface Band {
  readonly headerTop: number;
  readonly headerHeight: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Layout {
  readonly width: number;
  /** What is seen of the whole height. */
  readonly height: number;
  readonly whole: number;
  readonly plotLeft: number;
  readonly plotWidth: number;
  readonly scale: number;
  readonly overview: {
    readonly top: number;
    readonly rowHeight: number;
    readonly bottom: number;
    readonly width: number;
  };
  readonly axis: { readonly top: number; readonly bottom: number };
  readonly rows: readonly Row[];
  /** By track. */
  readonly bands: readonly Band[];
}

export function layoutOf(tracks: readonly Track[], room: Room): Layout {
  const { width, scale, scrolled } = room;
  const overviewHeight = Math.max(OVERVIEW.height, OVERVIEW.row * tracks.length) * scale;
  const overviewBottom = OVERVIEW.top + overviewHeight;
  const axisBottom = overviewBottom + AXIS * scale;
  const unit = laneHeight(tracks, room, axisBottom);
  const rows: Row[] = [];
  const bands: Band[] = [];
  let top = axisBottom - scrolled;
  tracks.forEach((each, track) => {
    const headerTop = top;
    top += HEADER * scale;
    const bandTop = top;
    each.lanes.forEach(({ bars, ids }, lane) => {
      if (ids.length === 0 && !hasAll(each)) {
        return;
      }
      const height = Math.floor(unit * weightOf(bars));
      const barHeight = bars.ids.length > 0 ? Math.round((height - 2 * INSET) / 2) : 0;
      const barTop = top + INSET;
      const markTop = barTop + barHeight;
      const markHeight = top + height - INSET - markTop;
      rows.push({ track, lane, top, height, barTop, barHeight, markTop, markHeight });
      top += height;
    });
    bands.push({ headerTop, headerHeight: HEADER * scale, top: bandTop, bottom: top });
    top += GAP;
  });
  const plotLeft = GUTTER * scale;
  const plotWidth = Math.max(1, width - plotLeft - RIGHT);
  const overviewWidth = Math.max(OVERVIEW.least, plotWidth - TOOLS * scale);
  return {
    ...{
      width,
      height: Math.min(room.height, top),
      whole: top + scrolled,
      scale,
      rows,
      bands,
      plotLeft,
      plotWidth,
    },
    overview: {
      ...{ top: OVERVIEW.top, bottom: overviewBottom },
      rowHeight: overviewHeight / Math.max(1, tracks.length),
      width: Math.min(plotWidth, overviewWidth),
    },
    axis: { top: overviewBottom, bottom: axisBottom },
  };
}

/** Of a lane without bars, so that all lanes fill the room. */
function laneHeight(tracks: readonly Track[], { height, scale }: Room, axisBottom: number): number {
  const lanes = tracks.flatMap((track) =>
    track.lanes.filter(({ ids }) => ids.length > 0 || hasAll(track)),
  );
  const weights = lanes.reduce((sum, { bars }) => sum + weightOf(bars), 0);
  const left = height - axisBottom - tracks.length * (HEADER * scale + GAP);
  return Math.min(LANE.most * scale, Math.max(LANE.least * scale, left / weights));
}

/** That nothing happens in a lane says something of a stack, and nothing of a real machine: there nobody looked. */
function hasAll({ lanes }: Track): boolean {
  return lanes.length === 0 || lanes.some(({ actor, ids }) => actor === 'app' && ids.length > 0);
}

function weightOf(bars: Bars): number {
  return bars.ids.length > 0 ? WITH_BARS : 1;
}

/** Of a time. */
export function xOf({ plotLeft, plotWidth }: Layout, { from, to }: View, time: number): number {
  return plotLeft + ((time - from) / (to - from)) * plotWidth;
}

/** Of a place, within the view or beyond it. */
export function timeAt({ plotLeft, plotWidth }: Layout, { from, to }: View, x: number): number {
  return from + ((x - plotLeft) / plotWidth) * (to - from);
}

/** Of a track's lane. */
export function rowOf({ rows }: Layout, track: number, lane: number): Row | undefined {
  return rows.find((row) => row.track === track && row.lane === lane);
}

/** The lane there. */
export function rowAt({ rows, bands, axis }: Layout, y: number): Row | undefined {
  if (y < axis.bottom) {
    return undefined;
  }
  const track = bands.findIndex(({ headerTop, bottom }) => y >= headerTop && y < bottom);
  const own = rows.filter((row) => row.track === track);
  return own.find(({ top, height }) => y < top + height);
}
