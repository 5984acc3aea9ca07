/** The strip on top: everything there is, and which part of it is seen. */
import { paintCounts } from './busy.ts';
import { addCounts } from './density.ts';
import type { Layout } from './layout.ts';
import type { Picture } from './picture.ts';
import type { Track } from './lanes.ts';
import type { View } from './view.ts';

export class Overview {
  /** Changes only with what is drawn here. */
  private image: ImageData | undefined;
  private drawnFor: readonly unknown[] = [];

  draw(picture: Picture): void {
    const { context, layout, colours, bounds, view } = picture;
    const { top, bottom, width: whole } = layout.overview;
    const { plotLeft } = layout;
    const image = this.imageOf(picture);
    const [left, above] = [plotLeft, top].map((each) => Math.round(each * devicePixelRatio));
    context.putImageData(image, left, above);
    const scale = whole / (bounds.to - bounds.from);
    const from = plotLeft + (view.from - bounds.from) * scale;
    const width = Math.max(3, (view.to - view.from) * scale);
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.18;
    context.fillRect(from, top, width, bottom - top);
    context.globalAlpha = 1;
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.strokeRect(from, top, width, bottom - top);
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.strokeRect(plotLeft, bottom, whole, 0);
  }

  private imageOf(picture: Picture): ImageData {
    const { tracks, layout, bounds, colours } = picture;
    const { width, bottom } = layout.overview;
    const key = [tracks, width, bottom, devicePixelRatio, bounds.from, bounds.to, colours];
    if (this.image === undefined || !key.every((part, at) => part === this.drawnFor[at])) {
      this.image = paint(picture);
      this.drawnFor = key;
    }
    return this.image;
  }
}

function paint({ context, tracks, layout, bounds, colours }: Picture): ImageData {
  const { rowHeight, width, top, bottom } = layout.overview;
  const columns = Math.round(width * devicePixelRatio);
  const image = context.createImageData(columns, Math.round((bottom - top) * devicePixelRatio));
  const counts = tracks.map((track) => countsOf(track, bounds, columns));
  const most = counts.flatMap((each) => [...each]).reduce((a, b) => Math.max(a, b), 1);
  const colour = colours.shades.muted[255];
  counts.forEach((each, track) => {
    const [markTop, foot] = [track * rowHeight + 1, (track + 1) * rowHeight].map((y) =>
      Math.round(y * devicePixelRatio),
    );
    paintCounts(image, each, { markTop, bottom: foot, most }, colour);
  });
  return image;
}

function countsOf({ lanes }: Track, bounds: View, columns: number): Uint32Array {
  const counts = new Uint32Array(columns);
  for (const { times } of lanes) {
    addCounts(times, bounds, counts);
  }
  return counts;
}

/** The time there. */
export function overviewTimeAt(
  { plotLeft, overview }: Layout,
  { from, to }: View,
  x: number,
): number {
  return from + ((x - plotLeft) / overview.width) * (to - from);
}

export function isInOverview({ overview, axis }: Layout, y: number): boolean {
  return y >= overview.top && y < axis.top;
}
