/** What has to be equal. */
import { Mismatch } from './mismatch.ts';

/** @throws Mismatch unless both are the same as JSON. */
export function mustBe(what: string, expected: unknown, seen: unknown): void {
  if (Object.is(expected, seen)) {
    return;
  }
  const [wanted, found] = [JSON.stringify(expected), JSON.stringify(seen)];
  if (wanted !== found) {
    throw new Mismatch(`${what} to be ${wanted}`, found);
  }
}
