/** Draws who had a GPU's engines along the timeline's axis, with what each pixel's column holds. */
import type { Bars } from '../timeline/bars.ts';
import type { Colours } from '../timeline/colours.ts';
import { fillCover } from '../timeline/density.ts';
import { drawLabel, widthOf } from '../timeline/label.ts';
import { ticksOf } from '../timeline/ticks.ts';
import type { View } from '../timeline/view.ts';
import { doings, type Doing, type EngineRow, type FoundStretch } from './engine-rows.ts';

const AXIS = 16;
const ROW = 17;
const GUTTER = 62;
const LABEL_SIZE = 11;
const USUAL_SIZE = 13;
/** Pixels from one tick to the next, at the least. */
const PIXELS_PER_TICK = 84;
/** What is there at all can be seen. */
const LEAST_ALPHA = 0.35;

/** Within a row, as parts of its height: who runs stands highest. */
const heights: Readonly<Record<Doing, number>> = {
  ...{ ran: 0.72, behind: 0.26, heldBack: 0.26, kept: 0.72 },
};

export interface EnginePicture {
  readonly rows: readonly EngineRow[];
  readonly view: View;
  readonly colours: Colours;
  /** CSS pixels. */
  readonly width: number;
  /** Where one stands, on the axis; undefined: before the first event. */
  readonly now: number | undefined;
  /** Whose turn it is now, and until when, as far as that is known. */
  readonly turn: { readonly tenant: number; readonly until: number } | undefined;
  readonly found: FoundStretch | undefined;
}

type Sized = Pick<EnginePicture, 'rows' | 'width' | 'colours'>;

/** In CSS pixels. */
export function sizesOf({ rows, width, colours }: Sized) {
  const scale = colours.size / USUAL_SIZE;
  const left = GUTTER * scale;
  const [axis, row] = [AXIS * scale, ROW * scale];
  const plot = Math.max(1, width - left - 1);
  return { scale, left, axis, row, plot, height: Math.ceil(axis + row * rows.length + 1) };
}

/** Which row is at a place, and the time there; `slack` is what one's hand may miss by. */
export function placeAt(picture: Sized & Pick<EnginePicture, 'view'>, x: number, y: number) {
  const { left, axis, row, plot } = sizesOf(picture);
  const { from, to } = picture.view;
  const perPixel = (to - from) / plot;
  const at = Math.floor((y - axis) / row);
  return {
    row: Math.min(Math.max(at, 0), picture.rows.length - 1),
    time: from + (x - left) * perPixel,
    slack: 4 * perPixel,
  };
}

export function drawEngines(context: CanvasRenderingContext2D, picture: EnginePicture): void {
  const { rows, width, colours, view } = picture;
  const sizes = sizesOf(picture);
  const { scale, left, axis, row, plot, height } = sizes;
  const xOf = (time: number): number => left + ((time - view.from) / (view.to - view.from)) * plot;
  context.clearRect(0, 0, width, height);
  context.font = `${LABEL_SIZE * scale}px ${colours.font}`;
  context.textBaseline = 'middle';
  drawAxis(context, picture, xOf);
  rows.forEach(({ tenant, bars }, index) => {
    const top = axis + index * row;
    context.fillStyle = colours.line;
    context.fillRect(0, Math.round(top), width, 1);
    const name = tenant < 0 ? 'host' : `tenant ${tenant}`;
    drawLabel(context, name, { x: 0, y: top + row / 2, room: left - 4 }, colours.muted);
    for (const doing of doings) {
      const tall = Math.round(heights[doing] * row);
      const bottom = Math.round(top + row - 1);
      context.fillStyle = colourOf(doing, colours);
      drawBars(context, bars[doing], view, { left, plot, top: bottom - tall, tall });
    }
  });
  context.save();
  context.beginPath();
  context.rect(left, 0, plot + 1, height);
  context.clip();
  drawTurn(context, picture, xOf);
  drawFound(context, picture, xOf);
  if (picture.now !== undefined) {
    context.fillStyle = colours.ink;
    context.fillRect(Math.round(xOf(picture.now)) - 1, axis - 4, 2, height - axis + 4);
  }
  context.restore();
}

function colourOf(doing: Doing, { accent, muted, bad, actors: { app } }: Colours): string {
  return { ran: accent, behind: muted, heldBack: bad, kept: app }[doing];
}

interface Strip {
  readonly left: number;
  readonly plot: number;
  readonly top: number;
  readonly tall: number;
}

/** As many rectangles as columns at the most, however many bars: the darker, the more of a column they last. */
function drawBars(
  context: CanvasRenderingContext2D,
  bars: Bars,
  view: View,
  { left, plot, top, tall }: Strip,
): void {
  const columns = Math.max(1, Math.round(plot * devicePixelRatio));
  const cover = new Float32Array(columns);
  fillCover(bars, view, cover);
  const width = plot / columns;
  for (let column = 0; column < columns;) {
    let end = column + 1;
    while (end < columns && cover[end] === cover[column]) {
      end++;
    }
    if (cover[column] > 0) {
      context.globalAlpha = LEAST_ALPHA + (1 - LEAST_ALPHA) * Math.min(1, cover[column]);
      context.fillRect(left + column * width, top, (end - column) * width, tall);
    }
    column = end;
  }
  context.globalAlpha = 1;
}

function drawAxis(
  context: CanvasRenderingContext2D,
  picture: EnginePicture,
  xOf: (time: number) => number,
): void {
  const { view, colours, width } = picture;
  const { scale, left, axis, plot, height } = sizesOf(picture);
  const least = ((view.to - view.from) / plot) * PIXELS_PER_TICK * scale;
  for (const { time, label } of ticksOf(view.from, view.to, least)) {
    const x = xOf(time);
    context.fillStyle = colours.line;
    context.fillRect(Math.round(x), axis - 3, 1, height - axis + 3);
    const wide = widthOf(context, label);
    const place = { x: Math.min(Math.max(x - wide / 2, left), width - wide), y: axis * 0.42 };
    drawLabel(context, label, { ...place, room: Infinity }, colours.muted);
  }
}

/** A line under what the policy gives the tenant from now on. */
function drawTurn(
  context: CanvasRenderingContext2D,
  picture: EnginePicture,
  xOf: (time: number) => number,
): void {
  const { rows, turn, now, colours } = picture;
  const at = rows.findIndex(({ tenant }) => tenant === turn?.tenant);
  if (turn === undefined || now === undefined || at < 0) {
    return;
  }
  const { axis, row } = sizesOf(picture);
  const [from, to] = [xOf(now), Math.min(xOf(turn.until), picture.width)];
  context.strokeStyle = colours.ink;
  context.setLineDash([3, 2]);
  context.strokeRect(from, axis + at * row + 1.5, Math.max(2, to - from), row - 3);
  context.setLineDash([]);
}

function drawFound(
  context: CanvasRenderingContext2D,
  picture: EnginePicture,
  xOf: (time: number) => number,
): void {
  const { rows, found, colours } = picture;
  const at = rows.findIndex(({ tenant }) => tenant === found?.tenant);
  if (found === undefined || at < 0) {
    return;
  }
  const { axis, row } = sizesOf(picture);
  const tall = Math.round(heights[found.doing] * row);
  const from = xOf(found.from);
  context.strokeStyle = colours.ink;
  context.lineWidth = 1;
  const bottom = axis + (at + 1) * row - 1;
  context.strokeRect(
    from - 0.5,
    bottom - tall - 0.5,
    Math.max(2, xOf(found.to) - from) + 1,
    tall + 1,
  );
}
