/** One frame of the timeline. */
import { drawCauses } from './draw-causes.ts';
import type { BusyPainter } from './busy.ts';
import { drawLane } from './draw-lane.ts';
import type { Overview } from './overview.ts';
import { drawLabel, widthOf } from './label.ts';
import { rowOf, xOf, type Layout } from './layout.ts';
import type { Picture } from './picture.ts';
import { ticksOf, timeText, type Tick } from './ticks.ts';
import { timeOf } from './track.ts';

/** Pixels from one tick to the next, at the least. */
const PIXELS_PER_TICK = 90;
const LABEL_SIZE = 11;

export function drawPicture(picture: Picture, busy: BusyPainter, overview: Overview): void {
  const { context, layout } = picture;
  context.clearRect(0, 0, layout.width, layout.height);
  context.font = fontOf(picture);
  context.textBaseline = 'middle';
  // Pixels go over what is there: they come first.
  busy.paint(picture);
  const ticks = ticksOf(picture.view.from, picture.view.to, leastTick(picture));
  drawGrid(picture, ticks);
  const nameEnds = drawNames(picture);
  inPlot(context, layout, () => {
    layout.rows.forEach((row) => drawLane(picture, row));
    drawEnds(picture);
    drawCauses(picture);
    drawHover(picture);
  });
  nameEnds.forEach((end, track) => drawCursor(picture, track, end));
  // Lanes may be scrolled to behind these.
  context.clearRect(0, 0, layout.width, layout.axis.bottom);
  overview.draw(picture);
  drawAxis(picture, ticks);
}

function inPlot(context: CanvasRenderingContext2D, layout: Layout, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(layout.plotLeft, layout.axis.bottom, layout.plotWidth, layout.height);
  context.clip();
  draw();
  context.restore();
}

/** Nanoseconds between two ticks, at the least. */
function leastTick({ layout, view }: Picture): number {
  return ((view.to - view.from) / layout.plotWidth) * PIXELS_PER_TICK * layout.scale;
}

function drawGrid({ context, layout, view, colours }: Picture, ticks: readonly Tick[]): void {
  const bottom = layout.bands.at(-1)?.bottom ?? 0;
  context.fillStyle = colours.line;
  for (const { time } of ticks) {
    const x = Math.round(xOf(layout, view, time));
    context.fillRect(x, layout.axis.bottom, 1, bottom - layout.axis.bottom);
  }
}

function drawAxis({ context, layout, view, colours }: Picture, ticks: readonly Tick[]): void {
  const { axis, plotLeft, plotWidth } = layout;
  const y = axis.top + (axis.bottom - axis.top) * 0.45;
  for (const { time, label } of ticks) {
    const exact = xOf(layout, view, time);
    context.fillStyle = colours.line;
    context.fillRect(Math.round(exact), axis.bottom - 4, 1, 4);
    const half = widthOf(context, label) / 2;
    const x = Math.min(Math.max(exact - half, plotLeft), plotLeft + plotWidth - 2 * half);
    drawLabel(context, label, { x, y, room: Infinity }, colours.muted);
  }
}

/** Of the tracks, with how long they took, and of the lanes. @returns where those of the tracks end */
function drawNames(picture: Picture): readonly number[] {
  const { context, tracks, layout, colours, standing } = picture;
  const font = fontOf(picture);
  const ends = layout.bands.map(({ headerTop, headerHeight }, track) => {
    const isStepped = standing?.side === track;
    const y = headerTop + headerHeight / 2;
    context.font = `600 ${font}`;
    const { name, last } = tracks[track];
    const colour = isStepped ? colours.accent : colours.ink;
    const width = drawLabel(context, name, { x: 8, y, room: Infinity }, colour);
    context.font = font;
    const place = { x: 8 + width + 8, y, room: Infinity };
    return place.x + drawLabel(context, timeText(last), place, colours.muted);
  });
  for (const { track, lane, top, height } of layout.rows) {
    context.fillStyle = colours.line;
    context.fillRect(0, top, layout.width, 1);
    const { label, actor } = tracks[track].lanes[lane];
    context.fillStyle = colours.actors[actor];
    context.fillRect(8, top + height / 2 - 4, 3, 8);
    const place = { x: 16, y: top + height / 2 + 0.5, room: layout.plotLeft - 20 };
    drawLabel(context, label, place, colours.muted);
  }
  return ends;
}

/** Where each run ends, and where its application begins. */
function drawEnds({ context, tracks, layout, view, colours }: Picture): void {
  layout.bands.forEach(({ headerTop, top, bottom }, track) => {
    const { first, last } = tracks[track];
    const right = layout.plotLeft + layout.plotWidth;
    const end = Math.max(layout.plotLeft, Math.min(right, xOf(layout, view, last)));
    context.fillStyle = colours.muted;
    context.globalAlpha = 0.12;
    context.fillRect(end, top, right - end, bottom - top);
    const begin = Math.min(right, xOf(layout, view, 0));
    if (first < 0 && begin > layout.plotLeft) {
      context.fillRect(layout.plotLeft, top, begin - layout.plotLeft, bottom - top);
    }
    context.globalAlpha = 1;
    if (end < right) {
      context.fillRect(end, headerTop + 2, 1, bottom - headerTop - 2);
    }
  });
}

function drawHover({ context, tracks, layout, view, colours, hover }: Picture): void {
  const time = hover && timeOf(tracks[hover.track], hover.id);
  const row = hover && rowOf(layout, hover.track, tracks[hover.track].laneOf[hover.id - 1]);
  if (time === undefined || row === undefined) {
    return;
  }
  context.fillStyle = colours.ink;
  context.fillRect(xOf(layout, view, time) - 1, row.top + 1, 2, row.height - 1);
}

/** Where a side stands: a line through its lanes, and what happens there. */
function drawCursor(
  { context, tracks, layout, view, colours, standing }: Picture,
  track: number,
  nameEnd: number,
): void {
  const place = standing?.places[track];
  const time = place && timeOf(tracks[track], place.at);
  if (place === undefined || time === undefined) {
    return;
  }
  const { headerTop, headerHeight, top, bottom } = layout.bands[track];
  const colour = standing?.side === track ? colours.accent : colours.muted;
  const right = layout.plotLeft + layout.plotWidth;
  const exact = xOf(layout, view, time);
  const x = Math.round(Math.min(Math.max(exact, layout.plotLeft), right));
  const beyond = exact < layout.plotLeft - 1 ? '‹ ' : exact > right + 1 ? '› ' : '';
  const text = `${beyond}${place.text}`;
  const whole = widthOf(context, text) + 10;
  const least = Math.max(layout.plotLeft, nameEnd + 10);
  if (Math.abs(x - exact) < 1) {
    context.fillStyle = colour;
    // Not through the name.
    const from = x < least ? top : headerTop + 3;
    context.fillRect(x - 1, from, 2, bottom - from);
  }
  const left = Math.max(least, Math.min(x - 1, right - whole));
  const width = Math.min(whole, right - left);
  context.fillStyle = colour;
  context.fillRect(left, headerTop + 2, width, headerHeight - 4);
  const middle = headerTop + headerHeight / 2 + 0.5;
  drawLabel(context, text, { x: left + 5, y: middle, room: width - 9 }, colours.paper);
}

function fontOf({ colours, layout }: Picture): string {
  return `${LABEL_SIZE * layout.scale}px ${colours.font}`;
}
