/** Places in the order of time. CPUs run apart, so a recording holds stretches of it. */

/** Places of `times`, sorted by time; equals keep their order: a cause comes before its effect. */
export function orderOf(times: Float64Array): Uint32Array {
  let from = new Uint32Array(times.length);
  for (let place = 0; place < times.length; place++) {
    from[place] = place;
  }
  let into = new Uint32Array(times.length);
  for (let bounds = stretchesOf(times); bounds.length > 2; bounds = halved(bounds)) {
    const last = bounds.length - 1;
    for (let at = 0; at < last; at += 2) {
      const end = bounds[Math.min(at + 2, last)];
      merge(times, from, into, { start: bounds[at], middle: bounds[at + 1], end });
    }
    [from, into] = [into, from];
  }
  return from;
}

/** Where stretches begin that are in order already; the end comes last. */
function stretchesOf(times: Float64Array): Uint32Array {
  const bounds = new Uint32Array(times.length + 1);
  let count = 1;
  for (let place = 1; place < times.length; place++) {
    if (times[place] < times[place - 1]) {
      bounds[count++] = place;
    }
  }
  bounds[count++] = times.length;
  return bounds.subarray(0, count);
}

/** When each two stretches have become one. */
function halved(bounds: Uint32Array): Uint32Array {
  const last = bounds.length - 1;
  const half = new Uint32Array(Math.ceil(last / 2) + 1);
  for (let at = 0; at < half.length; at++) {
    half[at] = bounds[Math.min(2 * at, last)];
  }
  return half;
}

interface Stretches {
  readonly start: number;
  readonly middle: number;
  readonly end: number;
}

function merge(
  times: Float64Array,
  from: Uint32Array,
  into: Uint32Array,
  { start, middle, end }: Stretches,
): void {
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
