/** Arrows from each cause to its effect, back from the event at which one stands. */
import { rowOf, xOf } from './layout.ts';
import type { Picture } from './picture.ts';
import { timeOf } from './track.ts';

/** Arrows that are drawn, from the event backwards. */
const ARROWS = 256;
/** How far out a curve swings, in pixels, at the least and at the most. */
const SWING = { least: 14, most: 60 } as const;
const HEAD = 6;

interface Point {
  readonly x: number;
  readonly y: number;
}

export function drawCauses(picture: Picture): void {
  const { context, standing, colours, layout } = picture;
  if (standing === undefined || standing.side >= picture.tracks.length) {
    return;
  }
  const chain = standing.places[standing.side].causes.slice(0, ARROWS + 1);
  const points = chain.map(({ id }) => pointOf(picture, standing.side, id));
  context.strokeStyle = colours.accent;
  context.fillStyle = colours.accent;
  context.lineWidth = 1.5;
  for (let at = 0; at + 1 < points.length; at++) {
    const [effect, cause] = [points[at], points[at + 1]];
    if (
      effect &&
      cause &&
      isSeen(cause, effect, layout.plotLeft, layout.plotLeft + layout.plotWidth)
    ) {
      drawArrow(context, cause, effect);
    }
  }
}

function pointOf({ tracks, layout, view }: Picture, track: number, id: number): Point | undefined {
  const time = timeOf(tracks[track], id);
  const row = rowOf(layout, track, tracks[track].laneOf[id - 1]);
  if (time === undefined || row === undefined) {
    return undefined;
  }
  // Far outside a view a canvas loses precision.
  const x = Math.max(-layout.width, Math.min(2 * layout.width, xOf(layout, view, time)));
  return { x, y: row.markTop + row.markHeight / 2 };
}

function isSeen(one: Point, other: Point, left: number, right: number): boolean {
  return Math.max(one.x, other.x) >= left && Math.min(one.x, other.x) <= right;
}

function drawArrow(context: CanvasRenderingContext2D, from: Point, to: Point): void {
  const swing = Math.min(SWING.most, Math.max(SWING.least, Math.abs(to.x - from.x) / 2));
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.bezierCurveTo(from.x + swing, from.y, to.x - swing, to.y, to.x - HEAD / 2, to.y);
  context.stroke();
  context.beginPath();
  context.moveTo(to.x, to.y);
  context.lineTo(to.x - HEAD, to.y - HEAD / 2);
  context.lineTo(to.x - HEAD, to.y + HEAD / 2);
  context.fill();
}
