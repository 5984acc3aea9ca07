/** In which order stacks are ranked. */
import type { Comparison } from '../machine/contract.ts';

type Ranked = Pick<Comparison, 'profile'> & {
  readonly stacks: readonly {
    readonly name: string;
    readonly time: { readonly virtualNs: number | null };
  }[];
};

/**
 * The quickest first, by virtual time under one profile; those without are last. What takes the same
 * time stays as it was asked for, and so does all until there are times.
 */
export function inOrder(
  reports: readonly Ranked[],
  profile: string,
  wanted: readonly string[],
): readonly string[] {
  const report = reports.find((each) => each.profile === profile) ?? reports[0];
  return (
    report?.stacks
      .toSorted((one, other) => compare(nsOf(one), nsOf(other)))
      .map(({ name }) => name) ?? wanted
  );
}

function nsOf({ time }: Ranked['stacks'][number]): number {
  return time.virtualNs ?? Infinity;
}

/** Of numbers that may be infinite. */
function compare(one: number, other: number): number {
  return one === other ? 0 : one < other ? -1 : 1;
}
