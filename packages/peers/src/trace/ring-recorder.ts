/**
 * The memory of split virtqueues as the guest has it at each kick: of each, what has changed since
 * the kick before.
 */
import { type EventId, queueBytes } from '@doorbell/abi';

/** What lies at a guest address. False: nothing does. */
export type ReadGuest = (address: number, into: Uint8Array) => boolean;

/** Where a queue lies, at guest addresses. */
export interface RingPlace {
  readonly size: number;
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
}

export interface RecordedRing extends RingPlace {
  /** The kick. */
  readonly event: EventId;
  readonly queue: number;
  /** Of its three parts, one behind the other, from an offset on. All was 0 when the queue was set up. */
  readonly changes: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

/** Bytes of changes, in all: what more there is, is left out. */
const MOST_BYTES = 64 << 20;
/** Changes that are no further apart are one. */
const GAP = 16;

interface Known {
  readonly place: RingPlace;
  readonly bytes: Uint8Array;
}

export class RingRecorder {
  readonly rings: RecordedRing[] = [];
  private readonly known: Known[] = [];
  private left = MOST_BYTES;

  /** Nothing was left out. */
  get isWhole(): boolean {
    return this.left > 0;
  }

  kicked(event: EventId, queue: number, { ...place }: RingPlace, read: ReadGuest): void {
    const now = bytesOf(place, read);
    if (event === 0 || now === undefined || this.left <= 0) {
      return;
    }
    const before = this.known[queue];
    const changes = changesOf(
      before !== undefined && isSame(before.place, place)
        ? before.bytes
        : new Uint8Array(now.length),
      now,
    );
    this.known[queue] = { place, bytes: now };
    this.left -= changes.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.rings.push({ event, queue, ...place, changes });
  }
}

/** The three parts, one behind the other. */
function bytesOf(place: RingPlace, read: ReadGuest): Uint8Array | undefined {
  const parts = queueBytes(false, place.size);
  const bytes = new Uint8Array(parts.descriptors + parts.driver + parts.device);
  let at = 0;
  for (const part of ['descriptors', 'driver', 'device'] as const) {
    if (!read(place[part], bytes.subarray(at, at + parts[part]))) {
      return undefined;
    }
    at += parts[part];
  }
  return bytes;
}

function isSame(a: RingPlace, b: RingPlace): boolean {
  return (
    a.size === b.size &&
    a.descriptors === b.descriptors &&
    a.driver === b.driver &&
    a.device === b.device
  );
}

function changesOf(before: Uint8Array, now: Uint8Array): RecordedRing['changes'] {
  const changes: { at: number; bytes: Uint8Array }[] = [];
  let from = -1;
  let last = -1;
  for (let at = 0; at <= now.length; at++) {
    const differs = at < now.length && now[at] !== before[at];
    if (from >= 0 && (at === now.length || (differs && at - last > GAP))) {
      changes.push({ at: from, bytes: now.slice(from, last + 1) });
      from = -1;
    }
    if (differs) {
      from = from < 0 ? at : from;
      last = at;
    }
  }
  return changes;
}
