/**
 * How busy lanes are, as pixels: where much happens there are more columns to paint than a canvas
 * draws rectangles smoothly.
 */
import { addCounts, barsWithin, fillCover } from './density.ts';
import type { Row } from './layout.ts';
import { countBefore } from './order.ts';
import type { Picture } from './picture.ts';

/** Each event is drawn when there are this many CSS pixels for one, on average. */
const PIXELS_PER_MARK = 3;
const PIXELS_PER_BAR = 2;
/** The least that a column with an event is high, in CSS pixels. */
const LEAST = 1.5;
/** Of what bars cover all of. */
const COVER_ALPHA = 128;

/** What of a row is not drawn one by one: by column of the device's pixels. */
interface Busy {
  readonly counts: Uint32Array | undefined;
  readonly cover: Float32Array | undefined;
}

/** Paints rows that are crowded. It keeps its pixels from one frame to the next. */
export class BusyPainter {
  private image: ImageData | undefined;

  /** Over all that is there. */
  paint(picture: Picture): void {
    const { layout, colours } = picture;
    const columns = Math.round(layout.plotWidth * devicePixelRatio);
    const all = layout.rows.map((row) => busyOf(picture, row, columns));
    const most = all.reduce((high, { counts }) => Math.max(high, mostOf(counts)), 1);
    layout.rows.forEach((row, at) => {
      const { counts, cover } = all[at];
      if (counts === undefined && cover === undefined) {
        return;
      }
      const height = Math.round(row.height * devicePixelRatio);
      const image = this.cleared(picture.context, columns, height);
      const { actor } = picture.tracks[row.track].lanes[row.lane];
      const place = placeOf(row);
      if (cover !== undefined) {
        paintCover(image, cover, place, colours.shades[actor]);
      }
      if (counts !== undefined) {
        paintCounts(image, counts, { ...place, most }, colours.shades[actor][255]);
      }
      const left = Math.round(layout.plotLeft * devicePixelRatio);
      const top = Math.round(row.top * devicePixelRatio);
      picture.context.putImageData(image, left, top, 0, 0, columns, height);
    });
  }

  private cleared(context: CanvasRenderingContext2D, width: number, height: number): ImageData {
    if (this.image?.width !== width || this.image.height < height) {
      this.image = context.createImageData(width, height);
    } else {
      this.image.data.fill(0);
    }
    return this.image;
  }
}

/** Whether each event of it is drawn. */
export function hasMarks({ tracks, layout, view }: Picture, { track, lane }: Row): boolean {
  const { times } = tracks[track].lanes[lane];
  const inView = countBefore(times, view.to) - countBefore(times, view.from);
  return inView * PIXELS_PER_MARK <= layout.plotWidth;
}

/** The bars of it that are drawn one by one; `undefined` where there are too many. */
export function barsToDraw(
  { tracks, layout, view }: Picture,
  { track, lane }: Row,
): ReturnType<typeof barsWithin> | undefined {
  const within = barsWithin(tracks[track].lanes[lane].bars, view);
  const count = within.end - within.first;
  return count * PIXELS_PER_BAR <= layout.plotWidth ? within : undefined;
}

function busyOf(picture: Picture, row: Row, columns: number): Busy {
  const { times, bars } = picture.tracks[row.track].lanes[row.lane];
  const counts = hasMarks(picture, row) ? undefined : new Uint32Array(columns);
  const cover = barsToDraw(picture, row) === undefined ? new Float32Array(columns) : undefined;
  if (counts !== undefined) {
    addCounts(times, picture.view, counts);
  }
  if (cover !== undefined) {
    fillCover(bars, picture.view, cover);
  }
  return { counts, cover };
}

function mostOf(counts: Uint32Array | undefined): number {
  let most = 0;
  for (const count of counts ?? []) {
    most = Math.max(most, count);
  }
  return most;
}

/** Lines of a row's image, from its top: where bars begin, and marks do, and marks end. */
interface Place {
  readonly barTop: number;
  readonly markTop: number;
  readonly bottom: number;
}

function placeOf({ top, barTop, markTop, markHeight }: Row): Place {
  const line = (y: number): number => Math.round((y - top) * devicePixelRatio);
  return { barTop: line(barTop), markTop: line(markTop), bottom: line(markTop + markHeight) };
}

/** The darker, the longer bars last in the column. */
function paintCover(
  { data, width }: ImageData,
  cover: Float32Array,
  { barTop, markTop }: Place,
  shades: Uint32Array,
): void {
  const pixels = new Uint32Array(data.buffer);
  const line = new Uint32Array(cover.length);
  for (let column = 0; column < cover.length; column++) {
    line[column] = shades[Math.round(cover[column] * COVER_ALPHA)];
  }
  for (let y = barTop; y < markTop; y++) {
    pixels.set(line, y * width);
  }
}

/** As high as the logarithm of what they hold. */
export function paintCounts(
  { data, width }: Pick<ImageData, 'data' | 'width'>,
  counts: Uint32Array,
  { markTop, bottom, most }: Pick<Place, 'markTop' | 'bottom'> & { readonly most: number },
  colour: number,
): void {
  const pixels = new Uint32Array(data.buffer);
  const unit = (bottom - markTop) / Math.log2(1 + most);
  const least = LEAST * devicePixelRatio;
  for (let column = 0; column < counts.length; column++) {
    if (counts[column] > 0) {
      const height = Math.max(least, Math.log2(1 + counts[column]) * unit);
      for (let y = Math.round(bottom - height); y < bottom; y++) {
        pixels[y * width + column] = colour;
      }
    }
  }
}
