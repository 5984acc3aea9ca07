/** Places in the order of time. CPUs run apart, so a recording holds stretches of it. */

/** Places of `times`, sorted by time; equals keep their order: a cause comes before its effect. */
export function orderOf(times: Float64Array): Uint32Array {
  const { length } = times;
  let from = new Uint32Array(length);
  let into = new Uint32Array(length);
  for (let place = 0; place < length; place++) {
    from[place] = place;
  }
  for (let width = 1; width < length; width *= 2) {
    for (let start = 0; start < length; start += 2 * width) {
      merge(times, from, into, start, width);
    }
    [from, into] = [into, from];
  }
  return from;
}

/** Two sorted stretches become one; what is in order already is copied as it is. */
function merge(
  times: Float64Array,
  from: Uint32Array,
  into: Uint32Array,
  start: number,
  width: number,
): void {
  const middle = Math.min(start + width, from.length);
  const end = Math.min(middle + width, from.length);
  if (middle === end || times[from[middle - 1]] <= times[from[middle]]) {
    for (let at = start; at < end; at++) {
      into[at] = from[at];
    }
    return;
  }
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const isLeft = left < middle && (right === end || times[from[left]] <= times[from[right]]);
    into[at] = from[isLeft ? left++ : right++];
  }
}

/** How many of the sorted `times`, from `low` on, come before `time`, with those before `low`. */
export function countBefore(times: Float64Array, time: number, low = 0): number {
  // What is looked for lies close to the last one found: steps that double, then halves.
  let step = 1;
  let high = low;
  while (high < times.length && times[high] < time) {
    low = high + 1;
    high += step;
    step *= 2;
  }
  high = Math.min(high, times.length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle] < time) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
