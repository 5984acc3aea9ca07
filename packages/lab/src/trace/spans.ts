/**
 * Events with what they last: a call until its return, a packet until it is done, a wait until the
 * wake, a command until its chain is returned.
 */
import type { EventId, EventKind } from '@doorbell/abi';
import type { TraceEvent, Tracer } from '@doorbell/hypervisor';
import { guestOfRequest } from '../meter.ts';

export interface Span {
  readonly event: TraceEvent;
  /** At least one nanosecond: what is a point in virtual time can be seen, and be clicked on. */
  readonly ns: number;
  /** It has an end of its own, which is an event too. */
  readonly lasts: boolean;
  /** That event; undefined: there is none. */
  readonly end: EventId | undefined;
}

/** What an event is the end of. */
const endOf: Readonly<Partial<Record<EventKind, EventKind>>> = {
  appReturn: 'appCall',
  packetDone: 'packet',
  wake: 'wait',
};
const begins: ReadonlySet<EventKind | undefined> = new Set(Object.values(endOf));

/** What has begun is told apart by whom it is for: a packet by its channel, all else by its request. */
function keyOf(begun: EventKind, { request, a }: TraceEvent): string {
  const owner = begun === 'packet' ? guestOfRequest(request) : request;
  return `${begun} ${owner} ${a}`;
}

/** What an event is the end of, if it is one. */
function beganWith(
  event: TraceEvent,
  events: Tracer,
  open: ReadonlyMap<string, TraceEvent[]>,
): TraceEvent | undefined {
  if (event.kind === 'used' && event.cause !== 0) {
    // Where each is told apart: a recorded peer's.
    const cause = events.at(event.cause);
    return cause.kind === 'command' ? cause : undefined;
  }
  const ended = endOf[event.kind];
  return ended && open.get(keyOf(ended, event))?.shift();
}

/** All events, in the order of time: CPUs run apart, so they were not recorded in it. A cause comes before its effect. */
export function spansOf(events: Tracer): readonly Span[] {
  const ends = new Map<EventId, TraceEvent>();
  const open = new Map<string, TraceEvent[]>();
  for (const event of events) {
    const begun = beganWith(event, events, open);
    if (begun !== undefined) {
      ends.set(begun.id, event);
    }
    if (begins.has(event.kind)) {
      const key = keyOf(event.kind, event);
      open.set(key, [...(open.get(key) ?? []), event]);
    }
  }
  return [...events]
    .map((event) => {
      const end = ends.get(event.id);
      const ns = Math.max(1, (end?.time ?? event.time) - event.time);
      return { event, ns, lasts: end !== undefined, end: end?.id };
    })
    .sort((one, other) => one.event.time - other.event.time || one.event.id - other.event.id);
}
