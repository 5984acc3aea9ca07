/** What was compared: all of it must agree but for what is known. */
import { excuses, type KnownDifference, placesOf, type Seen } from './known-difference.ts';

/** What a part of a comparison came to. */
export interface Verdict {
  readonly passed: boolean;
  /** How much was compared, or the first differences. */
  readonly detail: string;
}

const SHOWN = 4;

export class Ledger {
  private readonly known: readonly KnownDifference[];
  /** Rows and places. */
  private readonly met = new Set<string>();
  private compared = 0;
  private excused = 0;
  private differing: string[] = [];

  constructor(known: readonly KnownDifference[]) {
    this.known = known.filter((row) => row.isAvoided !== true);
  }

  compare(where: string, ours: Seen, theirs: Seen): void {
    this.compared++;
    if (ours === theirs) {
      return;
    }
    const row = this.known.find((known) =>
      placesOf(known)
        .get(where)
        ?.every((excuse) => excuses(excuse, ours, theirs)),
    );
    if (row === undefined) {
      this.fail(`${where}: ours ${text(ours)}, QEMU's ${text(theirs)}`);
    } else {
      this.excused++;
      this.met.add(`${row.id}: ${where}`);
    }
  }

  /** Something else that must not be. */
  fail(what: string): void {
    this.differing.push(what);
  }

  /** Of what was compared since the last verdict. */
  verdict(): Verdict {
    const { compared, excused, differing } = this;
    this.compared = 0;
    this.excused = 0;
    this.differing = [];
    const count = differing.length;
    if (count > 0) {
      const more = count > SHOWN ? `; and ${count - SHOWN} more` : '';
      return { passed: false, detail: differing.slice(0, SHOWN).join('; ') + more };
    }
    const agreed = compared - excused;
    const known = excused === 0 ? '' : `, ${excused} differ as is known`;
    return { passed: compared > 0, detail: `${agreed} values agree${known}` };
  }

  /** Each known difference must have been met: one that is gone has no place in the table. */
  unmet(): Verdict {
    const places = this.known.flatMap((row) =>
      [...placesOf(row).keys()].map((where) => `${row.id}: ${where}`),
    );
    const left = places.filter((place) => !this.met.has(place));
    const detail =
      left.length === 0
        ? `${this.known.length} are listed, and each was met`
        : `never met: ${left.join(', ')}`;
    return { passed: left.length === 0, detail };
  }
}

function text(seen: Seen): string {
  return typeof seen === 'number' ? `0x${seen.toString(16)}` : seen;
}
