/** Spans on tracks: those of a track must nest, so what overlaps otherwise goes to a lane beside it. */
import type { Span } from './spans.ts';

export class Lanes {
  /** Of each lane, when what is open ends: the outermost first. */
  private readonly lanes: number[][] = [];

  /** The lane of the next span, from 0 on. Spans come in the order of time. */
  place({ event, ns }: Span): number {
    const end = event.time + ns;
    for (let lane = 0; ; lane++) {
      const open = (this.lanes[lane] ??= []);
      while (open.length > 0 && open[open.length - 1] <= event.time) {
        open.pop();
      }
      if (open.length === 0 || open[open.length - 1] >= end) {
        open.push(end);
        return lane;
      }
    }
  }
}
