/** What one half may see of the other's accesses, and in which order. */
import { Mismatch } from '../check/mismatch.ts';
import type { WatchedMemory } from './watched-memory.ts';

/** The last load of a place, or the last store to it. */
export type Last = readonly ['load' | 'store', number];

/**
 * @throws Mismatch unless the first was done before the second and a barrier keeps it so, or both are
 *   one access.
 */
export function mustOrder(memory: WatchedMemory, what: string, first: Last, second: Last): void {
  const [a, b] = [memory.lastOf(...first), memory.lastOf(...second)];
  if (!memory.isOrdered(a, b) && (a < 0 || a !== b)) {
    throw new Mismatch(what, 'no such order');
  }
}

/** @throws Mismatch when some field of 16 bits there was loaded more than once. */
export function mustLoadOnce(
  memory: WatchedMemory,
  what: string,
  at: number,
  fields: readonly number[],
): void {
  for (const field of fields) {
    const loads = memory.accesses('load', at + field).length;
    if (loads > 1) {
      throw new Mismatch(`one load of ${what}, at its byte ${field}`, String(loads));
    }
  }
}

/** @throws Mismatch when something was stored there. */
export function mustNotStore(
  memory: WatchedMemory,
  what: string,
  from: number,
  bytes: number,
): void {
  const stored = memory.log.find(
    ({ kind, at }) => (kind === 'store' || kind === 'release') && at >= from && at < from + bytes,
  );
  if (stored !== undefined) {
    throw new Mismatch(`no store to ${what}`, `one at its byte ${stored.at - from}`);
  }
}
