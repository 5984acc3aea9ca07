/** Search in what is sorted by where it begins. */

/** The last of `count` that begins at or before an address; -1: all begin later. */
export function lastAtOrBefore(
  address: number,
  count: number,
  startOf: (index: number) => number,
): number {
  let low = -1;
  let high = count;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (startOf(middle) <= address) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}
