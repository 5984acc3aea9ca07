/** A lane: how busy it is where much happens, each event and what it is called where little does. */
import { addCounts, barsWithin, fillCover } from './density.ts';
import { xOf, type Row } from './layout.ts';
import { countBefore } from './order.ts';
import type { Picture } from './picture.ts';
import { drawLabel } from './label.ts';

/** Each event is drawn when there are this many pixels for one, on average. */
const PIXELS_PER_MARK = 3;
const PIXELS_PER_BAR = 2;
/** Shades of a column in which bars lie. */
const SHADES = 8;
/** Room for a label, at the least. */
const LABEL = 24;
/** Letters need it, where they have their usual size. */
const LEAST_HEIGHT = 9;

/** Counts of every lane's columns, and the most of all: lanes are compared with each other. */
export interface Densities {
  readonly counts: readonly (Uint32Array | undefined)[];
  readonly most: number;
}

/** `undefined` of the lanes whose events are drawn one by one. */
export function densitiesOf({ tracks, layout, view }: Picture): Densities {
  let most = 1;
  const counts = layout.rows.map(({ track, lane }) => {
    const { times } = tracks[track].lanes[lane];
    const inView = countBefore(times, view.to) - countBefore(times, view.from);
    if (inView * PIXELS_PER_MARK <= layout.plotWidth) {
      return undefined;
    }
    const columns = new Uint32Array(Math.round(layout.plotWidth));
    most = Math.max(most, addCounts(times, view, columns));
    return columns;
  });
  return { counts, most };
}

export function drawLane(
  picture: Picture,
  row: Row,
  counts: Uint32Array | undefined,
  most: number,
): void {
  drawBars(picture, row);
  if (counts === undefined) {
    drawMarks(picture, row);
  } else {
    drawColumns(picture, row, counts, most);
  }
}

/** Columns as high as the logarithm of what they hold. */
function drawColumns(
  { context, tracks, layout, colours }: Picture,
  row: Row,
  counts: Uint32Array,
  most: number,
): void {
  const { markTop, markHeight } = row;
  const bottom = markTop + markHeight;
  const unit = markHeight / Math.log2(1 + most);
  context.fillStyle = colours.actors[tracks[row.track].lanes[row.lane].actor];
  for (let from = 0; from < counts.length;) {
    const count = counts[from];
    let to = from + 1;
    while (to < counts.length && counts[to] === count) {
      to++;
    }
    if (count > 0) {
      const height = Math.max(1.5, Math.log2(1 + count) * unit);
      context.fillRect(layout.plotLeft + from, bottom - height, to - from, height);
    }
    from = to;
  }
}

function drawBars(picture: Picture, row: Row): void {
  const { tracks, layout, view } = picture;
  const { bars } = tracks[row.track].lanes[row.lane];
  if (bars.ids.length === 0) {
    return;
  }
  const { first, end } = barsWithin(bars, view);
  if ((end - first) * PIXELS_PER_BAR > layout.plotWidth) {
    drawCover(picture, row);
  } else {
    for (let bar = first; bar < end; bar++) {
      drawBar(picture, row, bar);
    }
  }
}

/** The darker, the longer bars last in the column. */
function drawCover({ context, tracks, layout, view, colours }: Picture, row: Row): void {
  const { actor, bars } = tracks[row.track].lanes[row.lane];
  const parts = new Float32Array(Math.round(layout.plotWidth));
  fillCover(bars, view, parts);
  const shadeOf = (column: number): number => Math.ceil(parts[column] * SHADES);
  context.fillStyle = colours.actors[actor];
  for (let from = 0; from < parts.length;) {
    const shade = shadeOf(from);
    let to = from + 1;
    while (to < parts.length && shadeOf(to) === shade) {
      to++;
    }
    if (shade > 0) {
      context.globalAlpha = (0.5 * shade) / SHADES;
      context.fillRect(layout.plotLeft + from, row.barTop, to - from, row.barHeight);
    }
    from = to;
  }
  context.globalAlpha = 1;
}

function drawBar(picture: Picture, row: Row, bar: number): void {
  const { context, tracks, layout, view, colours, kinds } = picture;
  const { columns, lanes } = tracks[row.track];
  const { actor, bars } = lanes[row.lane];
  const left = Math.max(layout.plotLeft - 4, xOf(layout, view, bars.starts[bar]));
  const right = Math.min(layout.plotLeft + layout.plotWidth + 4, xOf(layout, view, bars.ends[bar]));
  if (right < layout.plotLeft) {
    return;
  }
  const height = row.barHeight / bars.rowCount;
  const top = row.barTop + bars.rows[bar] * height;
  const width = Math.max(1, right - left);
  context.fillStyle = colours.actors[actor];
  context.globalAlpha = 0.3;
  context.fillRect(left, top, width, height - 1);
  context.globalAlpha = 1;
  context.fillRect(left, top, Math.min(1.5, width), height - 1);
  if (width > LABEL && height >= LEAST_HEIGHT * layout.scale) {
    const { name } = kinds[columns.kinds[bars.ids[bar] - 1]];
    const from = Math.max(left, layout.plotLeft) + 4;
    drawLabel(context, name, { x: from, y: top + height / 2, room: right - from - 2 }, colours.ink);
  }
}

/** One mark for each event, with its name where there is room for it. */
function drawMarks({ context, tracks, layout, view, colours, kinds }: Picture, row: Row): void {
  const { columns, lanes, ends } = tracks[row.track];
  const { actor, times, ids } = lanes[row.lane];
  const { markTop, markHeight } = row;
  const end = countBefore(times, view.to);
  const right = layout.plotLeft + layout.plotWidth;
  const least = LEAST_HEIGHT * layout.scale;
  for (let at = countBefore(times, view.from); at < end;) {
    let next = at + 1;
    while (next < times.length && times[next] === times[at]) {
      next++;
    }
    const x = xOf(layout, view, times[at]);
    context.fillStyle = colours.actors[actor];
    context.fillRect(x - 0.75, markTop, 1.5, markHeight);
    const nextX = next < times.length ? Math.min(right, xOf(layout, view, times[next])) : right;
    const room = nextX - x - 8;
    // A bar says what it is itself.
    if (
      room > LABEL &&
      markHeight >= least &&
      (next - at > 1 || ends[ids[at] - 1] === 0 || row.barHeight < least)
    ) {
      const { name } = kinds[columns.kinds[ids[at] - 1]];
      const text = next - at > 1 ? `${name} +${next - at - 1}` : name;
      drawLabel(context, text, { x: x + 4, y: markTop + markHeight / 2, room }, colours.ink);
    }
    at = next;
  }
}
