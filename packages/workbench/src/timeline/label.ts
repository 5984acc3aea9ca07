/** Text on the canvas. */

export interface LabelPlace {
  readonly x: number;
  /** Its middle. */
  readonly y: number;
  /** Pixels; what needs more is cut. */
  readonly room: number;
}

/** Less than this says nothing. */
const LEAST_LETTERS = 3;

/** Widths by text: measuring is slow, names are few. */
const widths = new Map<string, number>();
const WIDTHS_KEPT = 2000;

export function widthOf(context: CanvasRenderingContext2D, text: string): number {
  const key = `${context.font} ${text}`;
  let width = widths.get(key);
  if (width === undefined) {
    if (widths.size > WIDTHS_KEPT) {
      widths.clear();
    }
    ({ width } = context.measureText(text));
    widths.set(key, width);
  }
  return width;
}

/** As much of it as there is room for. @returns how wide it is */
export function drawLabel(
  context: CanvasRenderingContext2D,
  text: string,
  { x, y, room }: LabelPlace,
  colour: string,
): number {
  const shown = cut(context, text, room);
  if (shown === '') {
    return 0;
  }
  context.fillStyle = colour;
  context.fillText(shown, x, y);
  return widthOf(context, shown);
}

function cut(context: CanvasRenderingContext2D, text: string, room: number): string {
  const width = widthOf(context, text);
  if (width <= room) {
    return text;
  }
  const letters = Math.floor((text.length * room) / width) - 2;
  return letters < LEAST_LETTERS ? '' : `${text.slice(0, letters)}…`;
}
