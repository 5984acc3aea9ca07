/**
 * Two recordings of the same application, side by side: its calls are the same on every stack, so
 * request k of one is request k of the other.
 */
import type { EventId, EventKind, RequestId } from '@doorbell/abi';
import type { Tracer } from '@doorbell/hypervisor';

/** The event where the other is at the same point of the application's work as this one at `at`. */
export function samePoint(here: Tracer, at: EventId, there: Tracer): EventId {
  if (at === 0) {
    return 0;
  }
  const { request } = here.at(at);
  const [mine, others] = [requestAt(here, request), requestAt(there, request)];
  if (mine === undefined || others === undefined) {
    return others?.first ?? (request === 0 ? Math.min(at, beforeFirst(there)) : there.count);
  }
  // Within a request: as many calls, accesses and waits of its driver further.
  const done = at >= mine.last ? Infinity : drivers(here, mine.first, at);
  return atDriver(there, others, done);
}

interface RequestEvents {
  readonly first: EventId;
  readonly last: EventId;
}

/** Of recordings, which do not grow any more. */
const known = new WeakMap<Tracer, ReadonlyMap<RequestId, RequestEvents>>();

function requestAt(events: Tracer, request: RequestId): RequestEvents | undefined {
  const all = known.get(events) ?? requestsOf(events);
  known.set(events, all);
  return all.get(request);
}

function requestsOf(events: Tracer): ReadonlyMap<RequestId, RequestEvents> {
  const found = new Map<RequestId, RequestEvents>();
  for (const { id, kind, request } of events) {
    if (kind === 'appCall') {
      found.set(request, { first: id, last: events.count });
    } else if (kind === 'appReturn') {
      const { first } = found.get(request) ?? {};
      if (first !== undefined) {
        found.set(request, { first, last: id });
      }
    }
  }
  return found;
}

/** The last event before the application's first call. */
function beforeFirst(events: Tracer): EventId {
  for (const { id, kind } of events) {
    if (kind === 'appCall') {
      return id - 1;
    }
  }
  return events.count;
}

const driverKinds: ReadonlySet<EventKind> = new Set<EventKind>([
  ...(['mmioRead', 'mmioWrite', 'mmioBlock', 'configRead', 'configWrite', 'memoryWrite'] as const),
]);

function drivers(events: Tracer, from: EventId, to: EventId): number {
  let count = 0;
  for (let id = from; id <= to; id++) {
    count += Number(driverKinds.has(events.at(id).kind));
  }
  return count;
}

function atDriver(events: Tracer, { first, last }: RequestEvents, wanted: number): EventId {
  let count = 0;
  for (let id = first; id <= last; id++) {
    count += Number(driverKinds.has(events.at(id).kind));
    if (count >= wanted) {
      return id;
    }
  }
  return last;
}

/** How often each kind of event came for one request, on both. */
export interface KindDifference {
  readonly kind: EventKind;
  readonly here: number;
  readonly there: number;
}

/** Kinds that come more often on one than on the other. */
export function requestDifference(
  here: Tracer,
  there: Tracer,
  request: RequestId,
): readonly KindDifference[] {
  const [mine, others] = [counted(here, request), counted(there, request)];
  return [...new Set([...mine.keys(), ...others.keys()])]
    .map((kind) => ({ kind, here: mine.get(kind) ?? 0, there: others.get(kind) ?? 0 }))
    .filter((each) => each.here !== each.there);
}

function counted(events: Tracer, request: RequestId): ReadonlyMap<EventKind, number> {
  const counts = new Map<EventKind, number>();
  for (const { kind, request: own } of events) {
    if (own === request) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  }
  return counts;
}
