/** How long bars are that stand beside each other's counts. */

/**
 * Shares of the longest, 0 to 1. A count of which there is nothing has no bar at all, however
 * small the others are; nothing to compare with gives no bars.
 *
 * @param longest  what has the whole length; by default the largest of the counts.
 */
export function lengths(
  counts: readonly (number | null | undefined)[],
  longest = largest(counts),
): readonly number[] {
  return counts.map((count) =>
    typeof count === 'number' && count > 0 && longest > 0 ? Math.min(1, count / longest) : 0,
  );
}

export function largest(counts: readonly (number | null | undefined)[]): number {
  return counts.reduce<number>((most, count) => Math.max(most, count ?? 0), 0);
}

/**
 * What has the whole length in a chart that is drawn again for each change of a price. While prices
 * are others than the profile's it stays, so that cheaper is seen as shorter; it grows with what
 * is longer.
 *
 * @param isUsual  the counts are all there are, at the profile's own prices.
 */
export function keptLongest(
  before: number,
  counts: readonly (number | null | undefined)[],
  isUsual: boolean,
): number {
  return isUsual ? largest(counts) : Math.max(before, largest(counts));
}
