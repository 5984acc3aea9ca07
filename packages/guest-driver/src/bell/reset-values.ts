/** A reset that did not work is best found before anything is built on it. */
import type { Mmio, RegisterMap, RegisterRow, RegisterRows } from '@doorbell/abi';

/** The first writable register that does not hold its reset value, or undefined. */
export function notReset<R extends RegisterRows>(
  map: RegisterMap<R>,
  mmio: Mmio,
  base: number,
): string | undefined {
  return map.names.find((name) => {
    const row: RegisterRow = map.rows[name];
    return row.access === 'RW' && mmio.read(base + row.offset, row.width) !== row.reset;
  });
}
