/** A lane in which little happens: each event, each bar, and what they are called. */
import { barsToDraw, hasMarks } from './busy.ts';
import { drawLabel } from './label.ts';
import { xOf, type Row } from './layout.ts';
import { countBefore } from './order.ts';
import type { Picture } from './picture.ts';

/** Room for a label, at the least. */
const LABEL = 24;
/** Letters need it, where they have their usual size. */
const LEAST_HEIGHT = 8;
/** And more below those of bars, which would touch them. */
const LEAST_BELOW = 11;

export function drawLane(picture: Picture, row: Row): void {
  const { first, end } = barsToDraw(picture, row) ?? { first: 0, end: 0 };
  for (let bar = first; bar < end; bar++) {
    drawBar(picture, row, bar);
  }
  if (hasMarks(picture, row)) {
    drawMarks(picture, row);
  }
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
  const own = row.barHeight < least ? least : LEAST_BELOW * layout.scale;
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
      markHeight >= own &&
      (next - at > 1 || ends[ids[at] - 1] === 0 || row.barHeight < least)
    ) {
      const { name } = kinds[columns.kinds[ids[at] - 1]];
      const text = next - at > 1 ? `${name} +${next - at - 1}` : name;
      drawLabel(context, text, { x: x + 4, y: markTop + markHeight / 2, room }, colours.ink);
    }
    at = next;
  }
}
