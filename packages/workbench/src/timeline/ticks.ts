/** Marks of the time axis, and how a time is written. */

const units = [
  { name: 'ns', ns: 1 },
  { name: 'µs', ns: 1e3 },
  { name: 'ms', ns: 1e6 },
  { name: 's', ns: 1e9 },
] as const;

export interface Tick {
  /** Nanoseconds. */
  readonly time: number;
  readonly label: string;
}

/** 1, 2 or 5 times a power of ten, at least `least` nanoseconds. */
export function tickStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((each) => each * power >= least) ?? 10);
}

/** Round times of a view, no closer than `least` nanoseconds, all in one unit. */
export function ticksOf(from: number, to: number, least: number): readonly Tick[] {
  const step = tickStep(least);
  const largest = Math.max(Math.abs(from), Math.abs(to));
  const unit = unitOf(largest);
  const digits = Math.max(0, Math.round(Math.log10(unit.ns)) - Math.floor(Math.log10(step)));
  const ticks: Tick[] = [];
  for (let place = Math.ceil(from / step); place * step <= to; place++) {
    const time = place * step;
    ticks.push({ time, label: `${(time / unit.ns).toFixed(digits)} ${unit.name}` });
  }
  return ticks;
}

/** `1.234 ms`: four digits, in the unit that suits it. */
export function timeText(ns: number): string {
  const { name, ns: size } = unitOf(Math.abs(ns));
  return `${Number((ns / size).toPrecision(4))} ${name}`;
}

/** To the nanosecond, in the unit that suits it. */
export function exactTimeText(ns: number): string {
  const { name, ns: size } = unitOf(Math.abs(ns));
  return `${Number((ns / size).toFixed(Math.round(Math.log10(size))))} ${name}`;
}

function unitOf(ns: number): (typeof units)[number] {
  return units.findLast((unit) => ns >= unit.ns) ?? units[0];
}
