/** The strip on top: everything there is, and which part of it is seen. */
import { addCounts } from './density.ts';
import type { Layout } from './layout.ts';
import type { Picture } from './picture.ts';
import type { Track } from './track.ts';
import type { View } from './view.ts';

export class Overview {
  /** By track: events by column. They change only with what is drawn here. */
  private counts: readonly Uint32Array[] = [];
  private most = 1;
  private drawnFor: readonly unknown[] = [];

  draw(picture: Picture): void {
    this.count(picture);
    const { context, layout, colours, bounds, view } = picture;
    const { top, rowHeight, bottom, width: whole } = layout.overview;
    const { plotLeft } = layout;
    context.fillStyle = colours.paper;
    context.fillRect(plotLeft, top, whole, bottom - top);
    const unit = (rowHeight - 2) / Math.log2(1 + this.most);
    context.fillStyle = colours.muted;
    this.counts.forEach((counts, track) => {
      const foot = top + (track + 1) * rowHeight - 1;
      for (let column = 0; column < counts.length; column++) {
        if (counts[column] > 0) {
          const height = Math.log2(1 + counts[column]) * unit;
          context.fillRect(plotLeft + column, foot - height, 1, height);
        }
      }
    });
    const scale = whole / (bounds.to - bounds.from);
    const left = plotLeft + (view.from - bounds.from) * scale;
    const width = Math.max(3, (view.to - view.from) * scale);
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.18;
    context.fillRect(left, top, width, bottom - top);
    context.globalAlpha = 1;
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.strokeRect(left, top, width, bottom - top);
  }

  private count({ tracks, layout, bounds }: Picture): void {
    const columns = Math.round(layout.overview.width);
    const key = [tracks, columns, bounds.from, bounds.to];
    if (key.every((part, at) => part === this.drawnFor[at])) {
      return;
    }
    this.drawnFor = key;
    this.counts = tracks.map((track) => countsOf(track, bounds, columns));
    this.most = this.counts.flatMap((each) => [...each]).reduce((a, b) => Math.max(a, b), 1);
  }
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
