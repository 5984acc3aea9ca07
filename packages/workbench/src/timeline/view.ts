/** The stretch of the axis that is seen: from a whole run to a few nanoseconds. */

/** Nanoseconds of the axis. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** The closest look. */
const LEAST = 8;
/** Empty room at either end of what can be seen, as a part of it. */
const MARGIN = 0.02;

/** All that there is to see, with a little room. */
export function boundsOf(from: number, to: number): View {
  const length = Math.max(to - from, LEAST);
  return { from: from - length * MARGIN, to: from + length * (1 + MARGIN) };
}

/** Of the same length, moved into the bounds; as long as they are at the most. */
export function within(view: View, bounds: View): View {
  const whole = bounds.to - bounds.from;
  const length = Math.min(Math.max(view.to - view.from, Math.min(LEAST, whole)), whole);
  const from = Math.min(Math.max(view.from, bounds.from), bounds.to - length);
  return { from, to: from + length };
}

/** `factor` times as long; `time` stays where it is. */
export function zoomed({ from, to }: View, factor: number, time: number, bounds: View): View {
  const least = Math.min(LEAST, bounds.to - bounds.from);
  const most = bounds.to - bounds.from;
  const length = Math.min(Math.max((to - from) * factor, least), most);
  const start = time - (time - from) * (length / (to - from));
  return within({ from: start, to: start + length }, bounds);
}

/** Later by a part of its length. */
export function moved({ from, to }: View, part: number, bounds: View): View {
  const shift = (to - from) * part;
  return within({ from: from + shift, to: to + shift }, bounds);
}

/** Of the same length, at the beginning or the end of what there is. */
export function atEdge({ from, to }: View, edge: 'start' | 'end', bounds: View): View {
  const length = to - from;
  return within(
    edge === 'start'
      ? { from: bounds.from, to: bounds.from + length }
      : { from: bounds.to - length, to: bounds.to },
    bounds,
  );
}

/** Shows `time`: where it lies within already, nothing moves. */
export function following(view: View, time: number, bounds: View): View {
  if (time >= view.from && time <= view.to) {
    return view;
  }
  const half = (view.to - view.from) / 2;
  return within({ from: time - half, to: time + half }, bounds);
}

/** On the way from one to another; `part` from 0 to 1. */
export function between(one: View, other: View, part: number): View {
  return {
    from: one.from + (other.from - one.from) * part,
    to: one.to + (other.to - one.to) * part,
  };
}
