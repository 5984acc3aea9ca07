/** Stretches of time, each from an event on: what two sets of them have in common, and what they have not. */
import type { EventId } from '@doorbell/abi';

/** In nanoseconds of virtual time. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Where it comes from; 0: no event says so. */
  readonly event: EventId;
}

/** Many of them as columns, in the order of time. */
export interface StretchColumns {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly events: Uint32Array;
}

export function columnsOf(stretches: readonly Stretch[]): StretchColumns {
  return {
    starts: Float64Array.from(stretches, ({ from }) => from),
    ends: Float64Array.from(stretches, ({ to }) => to),
    events: Uint32Array.from(stretches, ({ event }) => event),
  };
}

/** In the order of time, and those that touch or overlap are one. */
export function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const sorted = [...stretches].sort((one, other) => one.from - other.from);
  const found: Stretch[] = [];
  for (const each of sorted) {
    const last = found.at(-1);
    if (last !== undefined && each.from <= last.to) {
      found[found.length - 1] = { ...last, to: Math.max(last.to, each.to) };
    } else {
      found.push(each);
    }
  }
  return found;
}

/** What of `stretches` lies within `others`. Both are in the order of time, and neither overlaps itself. */
export function overlapOf(
  stretches: readonly Stretch[],
  others: readonly Stretch[],
): readonly Stretch[] {
  return cut(stretches, others).filter(({ isWithin }) => isWithin);
}

/** What of `stretches` lies beyond `others`. As above. */
export function without(
  stretches: readonly Stretch[],
  others: readonly Stretch[],
): readonly Stretch[] {
  return cut(stretches, others).filter(({ isWithin }) => !isWithin);
}

/** Pieces that lie wholly within one of the others, or beyond all of them. */
function cut(
  stretches: readonly Stretch[],
  others: readonly Stretch[],
): readonly (Stretch & { readonly isWithin: boolean })[] {
  const pieces: (Stretch & { readonly isWithin: boolean })[] = [];
  let next = 0;
  for (const { from, to, event } of stretches) {
    while (next < others.length && others[next].to <= from) {
      next++;
    }
    let at = from;
    for (let place = next; at < to; place++) {
      const other = others.at(place) ?? { from: to, to };
      const [begin, end] = [Math.min(to, Math.max(at, other.from)), Math.min(to, other.to)];
      if (begin > at) {
        pieces.push({ from: at, to: begin, event, isWithin: false });
      }
      if (end > begin) {
        pieces.push({ from: begin, to: end, event, isWithin: true });
      }
      at = Math.max(begin, end);
    }
  }
  return pieces;
}
