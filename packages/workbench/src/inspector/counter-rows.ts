/** What was counted on each side, in one table. */
import type { Inspection } from '../machine/contract.ts';

type Counters = Inspection['counters'];

export interface CounterRow {
  readonly name: string;
  /** By side; 0 where a side does not count it. */
  readonly counts: readonly number[];
  readonly was: readonly (number | undefined)[];
}

/** Only what is not 0 on every side, in the order of the first that has it. */
export function counterRows(
  now: readonly (Counters | undefined)[],
  before: readonly (Counters | undefined)[],
): readonly CounterRow[] {
  const maps = now.map((each) => new Map(each));
  const old = before.map((each) => each && new Map(each));
  const names = new Set(maps.flatMap((each) => [...each.keys()]));
  return [...names]
    .map((name) => ({
      name,
      counts: maps.map((each) => each.get(name) ?? 0),
      was: maps.map((_, side) => {
        const then = old[side];
        return then === undefined ? undefined : (then.get(name) ?? 0);
      }),
    }))
    .filter(({ counts }) => counts.some((count) => count > 0));
}

/** `+12`, `−3`, or `=`. */
export function difference([a, b]: readonly number[]): string {
  const more = b - a;
  return more === 0
    ? '='
    : more > 0
      ? `+${more.toLocaleString('en-US')}`
      : `−${(-more).toLocaleString('en-US')}`;
}
