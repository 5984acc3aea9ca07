/** The same done to two sides, and what each saw. */
import type { KnownDifference, Seen } from './known-difference.ts';
import { Ledger, type Verdict } from './ledger.ts';
import { Random } from './random.ts';
import type { Sequence, Side } from './side.ts';

interface Observation {
  readonly where: string;
  readonly seen: Seen;
}

export class Comparison {
  private readonly ours: Side;
  private readonly theirs: Side;
  private readonly ledger: Ledger;

  constructor(ours: Side, theirs: Side, known: readonly KnownDifference[]) {
    this.ours = ours;
    this.theirs = theirs;
    this.ledger = new Ledger(known);
  }

  /** Does a sequence to both sides. */
  async run(sequence: Sequence, seed: number): Promise<Verdict> {
    const { ledger } = this;
    const theirs = await observe(this.theirs, sequence, seed);
    const ours = await observe(this.ours, sequence, seed);
    const length = Math.max(ours.length, theirs.length);
    for (let at = 0; at < length; at++) {
      const [mine, other] = [ours[at], theirs[at]];
      if (mine?.where !== other?.where) {
        ledger.fail(`the sides went apart at ${(mine ?? other).where}`);
        break;
      }
      ledger.compare(mine.where, mine.seen, other.seen);
    }
    return ledger.verdict();
  }

  unmet(): Verdict {
    return this.ledger.unmet();
  }
}

async function observe(side: Side, sequence: Sequence, seed: number): Promise<Observation[]> {
  const seen: Observation[] = [];
  await sequence(side, new Random(seed), (where, value) => seen.push({ where, seen: value }));
  return seen;
}
