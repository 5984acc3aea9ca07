import { Mismatch } from './mismatch.ts';

/** Compares as JSON does. @throws Mismatch */
export function mustBe(what: string, expected: unknown, seen: unknown): void {
  const [wanted, found] = [JSON.stringify(expected), JSON.stringify(seen)];
  if (wanted !== found) {
    throw new Mismatch(`${what} to be ${wanted}`, found);
  }
}
