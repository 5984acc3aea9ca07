/** Numbers as a person reads them. */

/** `1.24 ms` of nanoseconds. */
export function duration(ns: number): string {
  const [unit, scale] =
    ns < 1e3 ? ['ns', 1] : ns < 1e6 ? ['µs', 1e3] : ns < 1e9 ? ['ms', 1e6] : ['s', 1e9];
  return `${significant(ns / Number(scale))} ${unit}`;
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
  const [unit, scale] =
    count < 1 << 10 ? ['B', 1] : count < 1 << 20 ? ['KiB', 1 << 10] : ['MiB', 1 << 20];
  return `${significant(count / Number(scale))} ${unit}`;
}
