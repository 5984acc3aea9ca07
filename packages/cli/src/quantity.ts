/** Numbers as people read them. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function formatCount(count: number): string {
  return grouped.format(count);
}

/** Three significant digits down to 0.001; from 1,000 on all digits before the point. */
export function formatNumber(value: number): string {
  if (value >= 99.95) {
    return grouped.format(value);
  }
  return value.toFixed(value >= 9.995 ? 1 : value >= 0.0995 ? 2 : 3);
}

interface Unit {
  readonly name: string;
  readonly size: number;
}

const timeUnits: readonly Unit[] = [
  { name: 'ns', size: 1 },
  { name: 'µs', size: 1e3 },
  { name: 'ms', size: 1e6 },
  { name: 's', size: 1e9 },
];

const byteUnits: readonly Unit[] = [
  { name: 'B', size: 1 },
  { name: 'KiB', size: 2 ** 10 },
  { name: 'MiB', size: 2 ** 20 },
  { name: 'GiB', size: 2 ** 30 },
];

/** From here on a number is harder to read than a small one in the next unit. */
const LONG = 1e6;

/**
 * One unit for all the values of a row, so that they compare at a glance: the largest in which
 * the smallest of them is at least 1, or one in which none of them is long.
 */
function commonUnit(values: readonly number[], units: readonly Unit[]): Unit {
  const present = values.filter((value) => value > 0);
  const smallest = Math.min(...present, Infinity);
  const largest = Math.max(...present, 0);
  const fitting = units.filter(({ size }) => size <= smallest && smallest !== Infinity);
  const unit = fitting.at(-1) ?? units[0];
  return units.slice(units.indexOf(unit)).find(({ size }) => largest / size < LONG) ?? unit;
}

function formatRow(values: readonly number[], units: readonly Unit[]): string[] {
  const unit = commonUnit(values, units);
  return values.map((value) => {
    if (value === 0) {
      return '0';
    }
    const number = unit.size === 1 ? formatCount(value) : formatNumber(value / unit.size);
    return `${number} ${unit.name}`;
  });
}

/** Nanoseconds, all in one unit. */
export function formatTimes(ns: readonly number[]): string[] {
  return formatRow(ns, timeUnits);
}

/** Bytes, all in one unit. */
export function formatBytes(bytes: readonly number[]): string[] {
  return formatRow(bytes, byteUnits);
}
