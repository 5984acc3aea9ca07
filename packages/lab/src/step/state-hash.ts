/** A hash over all of a stack's state: two states are the same when their hashes are. */
import type { Environment, Hash } from '../environment.ts';
import type { StackState } from '../stacks/stack.ts';

const text = new TextEncoder();

/** SHA-256 in hexadecimal, over a canonical encoding: each value's type, and its length where it has one. */
export function stateHash(state: StackState, environment: Environment): string {
  const hash = environment.sha256();
  encode(state, hash);
  return hash.digest();
}

function encode(value: unknown, into: Hash): void {
  if (ArrayBuffer.isView(value)) {
    into.update(text.encode(`${value.constructor.name} ${value.byteLength}:`));
    into.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    encodeList(value, into);
  } else if (value instanceof Map || value instanceof Set) {
    encode([...value], into);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, held]) => held !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    encode(entries, into);
  } else {
    into.update(text.encode(`${typeof value} ${Object.is(value, -0) ? '-0' : String(value)};`));
  }
}

/** A page that was never written is a hole, or undefined: runs of those are counted. */
function encodeList(list: readonly unknown[], into: Hash): void {
  into.update(text.encode(`list ${list.length}:`));
  let holes = 0;
  for (const held of list) {
    if (held === undefined) {
      holes++;
      continue;
    }
    if (holes > 0) {
      into.update(text.encode(`holes ${holes};`));
      holes = 0;
    }
    encode(held, into);
  }
}
