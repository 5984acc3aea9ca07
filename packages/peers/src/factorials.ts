/**
 * n and n! modulo 2^32, which is what edu's register holds of it. Taken from a table of factorials
 * and not computed here, so that no mistake is made twice.
 */
export const factorials: readonly (readonly [number, number])[] = [
  [0, 1],
  [1, 1],
  [5, 120],
  [10, 3628800],
  [12, 479001600],
  [13, 1932053504],
  [20, 2192834560],
  [34, 0],
];
