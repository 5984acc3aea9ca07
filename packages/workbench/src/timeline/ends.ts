/** Which event ends which: a call until its return, a packet until it is done, a wait until the wake. */
import type { Catalogue, Side } from '../machine/contract.ts';

type Columns = Side['columns'];
type Kinds = Catalogue['kinds'];

/** Requests of guest n begin at n times this. */
export const REQUESTS_EACH = 2 ** 24;
/** An argument tells spans apart by a call, a channel or a reason: from 0 to this, without it. */
const ARGUMENTS = 2 ** 20;

const endOf: ReadonlyMap<string, string> = new Map([
  ['appCall', 'appReturn'],
  ['packet', 'packetDone'],
  ['wait', 'wake'],
]);

export function guestOf(request: number): number {
  return Math.floor(request / REQUESTS_EACH);
}

/** By the place of an event (its id less 1), the id of the event that ends it; 0 for none. */
export function endsOf({ kinds, requests, a }: Columns, table: Kinds): Uint32Array {
  const ends = new Uint32Array(kinds.length);
  const open = new Open(kinds.length);
  const { begun, ended } = numbersOf(table);
  for (let place = 0; place < kinds.length; place++) {
    const kind = kinds[place];
    const begin = begun[kind] === 0 ? ended[kind] : begun[kind];
    if (begin === 0 || !Number.isInteger(a[place]) || a[place] < 0 || a[place] >= ARGUMENTS) {
      continue;
    }
    const request = requests[place];
    const owner = table[begin - 1].name === 'packet' ? guestOf(request) : request;
    const key = owner * ARGUMENTS + a[place];
    if (begun[kind] !== 0) {
      open.push(begin, key, place);
      continue;
    }
    const from = open.shift(begin, key);
    if (from !== undefined) {
      ends[from] = place + 1;
    }
  }
  return ends;
}

/** By a kind's number: the number of the kind that begins, plus 1; 0 where there is none. */
function numbersOf(table: Kinds): { readonly begun: Uint16Array; readonly ended: Uint16Array } {
  const begun = new Uint16Array(256);
  const ended = new Uint16Array(256);
  table.forEach(({ name }, number) => {
    const end = endOf.get(name);
    const endNumber = table.findIndex((row) => row.name === end);
    if (endNumber !== -1) {
      begun[number] = number + 1;
      ended[endNumber] = number + 1;
    }
  });
  return { begun, ended };
}

/** What has begun, the oldest first: of each kind and key a ring of places, known by its last. */
class Open {
  private readonly lasts = new Map<number, Map<number, number>>();
  private readonly next: Uint32Array;

  constructor(length: number) {
    this.next = new Uint32Array(length);
  }

  push(kind: number, key: number, place: number): void {
    const lasts = this.lastsOf(kind);
    const last = lasts.get(key);
    if (last === undefined) {
      this.next[place] = place;
    } else {
      this.next[place] = this.next[last];
      this.next[last] = place;
    }
    lasts.set(key, place);
  }

  shift(kind: number, key: number): number | undefined {
    const lasts = this.lastsOf(kind);
    const last = lasts.get(key);
    if (last === undefined) {
      return undefined;
    }
    const first = this.next[last];
    if (first === last) {
      lasts.delete(key);
    } else {
      this.next[last] = this.next[first];
    }
    return first;
  }

  private lastsOf(kind: number): Map<number, number> {
    let lasts = this.lasts.get(kind);
    if (lasts === undefined) {
      lasts = new Map();
      this.lasts.set(kind, lasts);
    }
    return lasts;
  }
}
