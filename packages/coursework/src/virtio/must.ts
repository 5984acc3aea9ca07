/** How a check says what it expects of a value. */
import { Mismatch } from '../check/mismatch.ts';

export function mustBe(what: string, expected: unknown, seen: unknown): void {
  const [wanted, found] = [textOf(expected), textOf(seen)];
  if (wanted !== found) {
    throw new Mismatch(`${what} to be ${wanted}`, found);
  }
}

export function must(condition: boolean, expected: string, seen: string): asserts condition {
  if (!condition) {
    throw new Mismatch(expected, seen);
  }
}

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'bigint') {
    return hex(value);
  }
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
