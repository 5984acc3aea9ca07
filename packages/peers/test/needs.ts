/** Tests that need what not every machine has. */
import { describe } from 'vitest';
import { missing } from '../src/needs.ts';
import type { Need } from '../src/peer.ts';

const told = new Set<string>();

/**
 * Whether the machine has what is needed. Where it has not, a line says how to get that; with
 * DOORBELL_REQUIRE_PEERS=1 that is an error.
 */
export function isMet(needs: readonly Need[], name: string): boolean {
  const lacking = missing(needs);
  if (lacking.length === 0) {
    return true;
  }
  const how = lacking.map(({ need, get, why }) => `${need} (${get ?? why})`).join(', ');
  const line = `'${name}' needs ${how}.`;
  if (process.env.DOORBELL_REQUIRE_PEERS === '1') {
    throw new Error(line);
  }
  if (!told.has(line)) {
    told.add(line);
    console.warn(`skipped: ${line}`);
  }
  return false;
}

/** `describe` where the machine has what is needed, and a skipped one elsewhere. */
export function describeWith(needs: readonly Need[], name: string, body: () => void): void {
  describe.runIf(isMet(needs, name))(name, body);
}
