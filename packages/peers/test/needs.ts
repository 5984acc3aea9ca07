/** Tests that need what not every machine has. */
import { describe } from 'vitest';
import { missing } from '../src/needs.ts';
import type { Need } from '../src/peer.ts';

const told = new Set<string>();

/**
 * `describe` where the machine has what is needed. Elsewhere it is skipped, and a line says how to
 * get that; with DOORBELL_REQUIRE_PEERS=1 it fails.
 */
export function describeWith(needs: readonly Need[], name: string, body: () => void): void {
  const lacking = missing(needs);
  if (lacking.length === 0) {
    describe(name, body);
    return;
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
  // On a user's machine a peer may be missing; where peers are required, it has thrown above.
  describe.skip(name, body);
}
