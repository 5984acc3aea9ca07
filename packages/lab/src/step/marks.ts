/** Where a replay can begin: the checkpoints of a recording, and finer ones that are kept in memory. */
import type { Checkpoint } from '../trace/recording.ts';

/** A checkpoint, also between two events that the machine handles before one row. */
export interface Mark extends Checkpoint {
  /** What it takes to come here from the mark before, in milliseconds; NaN: not known yet. */
  ms: number;
}

/** How many are kept. Each holds the pages that were written since the one before. */
const MOST = 64;
/** Of those, the ones that were made last stay, however near they are to each other. */
const FRESH = 24;

/** Which of two comes later. */
export function later(a: Checkpoint, b: Checkpoint): number {
  return a.event - b.event || a.crossing - b.crossing;
}

export class Marks {
  private readonly recorded: readonly Mark[];
  /** In the order in which they were made. */
  private readonly made: Mark[] = [];

  constructor(checkpoints: readonly Checkpoint[]) {
    this.recorded = checkpoints.map((each) => ({ ...each, ms: NaN }));
  }

  /** The last one at which the event has not happened yet. */
  before(event: number): Mark {
    let best = this.recorded[0];
    for (const mark of [...this.recorded, ...this.made]) {
      if (mark.event < event && later(mark, best) >= 0) {
        best = mark;
      }
    }
    return best;
  }

  /** The last of the recorded ones that are not behind the event. */
  recordedAt(event: number): Mark {
    return this.recorded.findLast((mark) => mark.event <= event) ?? this.recorded[0];
  }

  add(mark: Mark): void {
    this.made.push(mark);
    if (this.made.length > MOST) {
      this.drop();
    }
  }

  /** The one that is missed least: the way to the next becomes longer by its own. */
  private drop(): void {
    const old = this.made.slice(0, -FRESH);
    const least = old.reduce((best, mark) => (mark.ms < best.ms ? mark : best));
    this.made.splice(this.made.indexOf(least), 1);
    const after = this.made.filter((mark) => later(mark, least) > 0).sort(later);
    if (after.length > 0) {
      after[0].ms += least.ms;
    }
  }
}
