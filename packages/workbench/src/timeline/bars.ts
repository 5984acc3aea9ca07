/** What lasts, of one lane: bars, and how much of any time they cover. */

/** Rows of a lane: bars that overlap lie one above the other, as far as there are rows. */
const ROWS = 3;

/** By bar, in the order of their starts. Times are those of the axis. */
export interface Bars {
  readonly ids: Uint32Array;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** The latest end up to here: bars before the first that reaches a time are over by then. */
  readonly reaches: Float64Array;
  /** From 0 to `rowCount`. */
  readonly rows: Uint8Array;
  readonly rowCount: number;
  readonly cover: Cover;
}

/** Stretches in which at least one bar lasts, and how long those before each are in all. */
interface Cover {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly sums: Float64Array;
}

/** Of bars that come in the order of their starts. */
export function barsOf(ids: Uint32Array, starts: Float64Array, ends: Float64Array): Bars {
  const reaches = new Float64Array(ids.length);
  const rows = new Uint8Array(ids.length);
  const free = new Float64Array(ROWS).fill(-Infinity);
  let reach = -Infinity;
  let rowCount = 0;
  for (let bar = 0; bar < ids.length; bar++) {
    reach = Math.max(reach, ends[bar]);
    reaches[bar] = reach;
    let row = 0;
    while (row < ROWS - 1 && free[row] > starts[bar]) {
      row++;
    }
    free[row] = Math.max(free[row], ends[bar]);
    rows[bar] = row;
    rowCount = Math.max(rowCount, row + 1);
  }
  return { ids, starts, ends, reaches, rows, rowCount, cover: coverOf(starts, reaches) };
}

function coverOf(starts: Float64Array, reaches: Float64Array): Cover {
  const from = new Float64Array(starts.length);
  const to = new Float64Array(starts.length);
  const sums = new Float64Array(starts.length);
  let count = 0;
  for (let bar = 0; bar < starts.length; bar++) {
    if (count > 0 && starts[bar] <= to[count - 1]) {
      to[count - 1] = reaches[bar];
      continue;
    }
    sums[count] = count === 0 ? 0 : sums[count - 1] + to[count - 1] - from[count - 1];
    from[count] = starts[bar];
    to[count] = reaches[bar];
    count++;
  }
  return {
    starts: from.subarray(0, count),
    ends: to.subarray(0, count),
    sums: sums.subarray(0, count),
  };
}

/** How long bars last before `time`; `place` is how many stretches begin before it. */
export function coveredBefore({ starts, ends, sums }: Cover, time: number, place: number): number {
  const last = place - 1;
  return last < 0 ? 0 : sums[last] + Math.min(time, ends[last]) - starts[last];
}
