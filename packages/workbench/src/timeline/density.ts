/** What each pixel column of a lane holds: as many searches as there are columns, however many events. */
import { coveredBefore, type Bars } from './bars.ts';
import { countBefore } from './order.ts';
import type { View } from './view.ts';

/** Adds the events in each of the columns that the view is cut into. */
export function addCounts(times: Float64Array, { from, to }: View, into: Uint32Array): void {
  const step = (to - from) / into.length;
  let before = countBefore(times, from);
  for (let column = 0; column < into.length; column++) {
    const upTo = countBefore(times, from + step * (column + 1), before);
    into[column] += upTo - before;
    before = upTo;
  }
}

/** Which part of each column at least one bar lasts: 0 to 1. */
export function fillCover({ cover }: Bars, { from, to }: View, into: Float32Array): void {
  const step = (to - from) / into.length;
  let place = countBefore(cover.starts, from);
  let before = coveredBefore(cover, from, place);
  for (let column = 0; column < into.length; column++) {
    const end = from + step * (column + 1);
    place = countBefore(cover.starts, end, place);
    const upTo = coveredBefore(cover, end, place);
    into[column] = (upTo - before) / step;
    before = upTo;
  }
}

/** Bars from `first` to before `end` are all that can be seen in a view, with some that cannot. */
export function barsWithin(
  { starts, reaches }: Bars,
  { from, to }: View,
): { readonly first: number; readonly end: number } {
  return { first: countBefore(reaches, from), end: countBefore(starts, to) };
}
