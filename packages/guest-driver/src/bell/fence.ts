/**
 * Fences: FENCE packets write growing numbers to one word of RAM, so a driver learns what is
 * done by a load, without asking the device.
 */

/** Whether `word` says that `fence` has passed. Both count modulo 2^32, so compare by difference. */
export function hasPassed(word: number, fence: number): boolean {
  return ((word - fence) | 0) >= 0;
}
