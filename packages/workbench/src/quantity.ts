/** Numbers as a person reads them. */

interface Unit {
  readonly name: string;
  readonly size: number;
}

const durations: readonly Unit[] = [
  { name: 's', size: 1e9 },
  { name: 'ms', size: 1e6 },
  { name: 'µs', size: 1e3 },
  { name: 'ns', size: 1 },
];

const sizes: readonly Unit[] = [
  { name: 'MiB', size: 2 ** 20 },
  { name: 'KiB', size: 2 ** 10 },
  { name: 'B', size: 1 },
];

/** In the largest unit that there is one of. */
function inUnit(value: number, units: readonly Unit[]): string {
  const unit = units.find(({ size }) => value >= size) ?? units[units.length - 1];
  return `${significant(value / unit.size)} ${unit.name}`;
}

/** `1.24 ms` of nanoseconds. */
export function duration(ns: number): string {
  return inUnit(ns, durations);
}

/** Three digits that say something. */
export function significant(value: number): string {
  return value >= 100 || Number.isInteger(value) ? value.toFixed(0) : value.toPrecision(3);
}

/** `12,345`. */
export function counted(count: number): string {
  return count.toLocaleString('en-US');
}

/** `1.2 MiB`. */
export function bytes(count: number): string {
  return inUnit(count, sizes);
}
