/**
 * A trace as Perfetto and chrome://tracing open it: JSON of the Trace Event Format. A stack, and of
 * several guests each, is a process; an actor is a thread of it, with further ones for spans that
 * would cross another, as slices of a thread must nest; an arrow goes from each event's cause to the
 * event. Times are virtual microseconds; of a real peer they are the wall's.
 */
import { events as eventRows, type Actor, type EventId, type EventRow } from '@doorbell/abi';
import type { TraceEvent, Tracer } from '@doorbell/hypervisor';
import { guestOfRequest } from '../meter.ts';
import { eventName } from './event-name.ts';
import { Lanes } from './lanes.ts';
import { wordsOf, type Recording } from './recording.ts';
import { spansOf, type Span } from './spans.ts';
import { waitParts, type WaitParts } from './wait-parts.ts';

interface Place {
  readonly pid: number;
  readonly tid: number;
}

interface Complete extends Place {
  readonly ph: 'X';
  readonly name: string;
  readonly cat: Actor;
  readonly ts: number;
  readonly dur: number;
  readonly args: Readonly<Record<string, number | string>>;
}

/** `s` leaves the cause, `f` comes to the effect: they share their id, and bind to what is open there. */
interface Flow extends Place {
  readonly ph: 's' | 'f';
  readonly name: 'cause';
  readonly cat: 'cause';
  readonly id: number;
  readonly ts: number;
  readonly bp?: 'e';
}

interface Metadata extends Place {
  readonly ph: 'M';
  readonly name: 'process_name' | 'process_sort_index' | 'thread_name' | 'thread_sort_index';
  readonly args: Readonly<Record<string, string | number>>;
}

type ChromeEvent = Complete | Flow | Metadata;

export interface ChromeTrace {
  readonly displayTimeUnit: 'ns';
  readonly traceEvents: readonly ChromeEvent[];
}

const actors: readonly Actor[] = ['app', 'driver', 'hypervisor', 'iommu', 'device'];
/** Process numbers of one recording: more than there are guests. */
const GUESTS = 1000;
/** Thread numbers of one actor. */
const LANES = 1000;
/** Of a process. No thread has the number of its process, which would be the main thread. */
const THREADS = actors.length * LANES;

export function chromeTrace(recordings: readonly Recording[]): ChromeTrace {
  const flows = { last: 0 };
  const traceEvents = recordings.flatMap((recording, index) =>
    new Drawing(recording, index * GUESTS + 1, flows).draw(),
  );
  return { displayTimeUnit: 'ns', traceEvents };
}

/** One recording on its tracks. */
class Drawing {
  private readonly recording: Recording;
  private readonly firstPid: number;
  /** Ids of arrows are those of a file. */
  private readonly flows: { last: number };
  private readonly lanes = new Map<string, Lanes>();
  private readonly tracks = new Map<number, ChromeEvent[]>();
  private readonly out: ChromeEvent[] = [];

  constructor(recording: Recording, firstPid: number, flows: { last: number }) {
    this.recording = recording;
    this.firstPid = firstPid;
    this.flows = flows;
  }

  draw(): readonly ChromeEvent[] {
    const { events } = this.recording;
    const arrows = arrowsOf(events, this.flows);
    const waits = waitParts(this.recording);
    for (const span of spansOf(events)) {
      const { event } = span;
      const place = this.place(span);
      const ts = microseconds(event.time);
      this.out.push({
        ...{ ph: 'X', name: eventName(event), cat: eventRows[event.kind].actor, ...place },
        ...{ ts, dur: microseconds(span.ns) },
        args: argumentsOf(event, waits.get(event.id), wordsOf(this.recording, event.id)),
      });
      // An arrow binds to the innermost that is open: this one, as nothing else was opened since.
      const flow = { name: 'cause', cat: 'cause', ...place, ts } as const;
      const into = arrows.into.get(event.id);
      if (into !== undefined) {
        this.out.push({ ph: 'f', bp: 'e', id: into, ...flow });
      }
      for (const id of arrows.from.get(event.id) ?? []) {
        this.out.push({ ph: 's', id, ...flow });
      }
    }
    return [...[...this.tracks.values()].flat(), ...this.out];
  }

  /** Where a span stands; names the track when it is the first there. */
  private place(span: Span): Place {
    const guest = guestOfRequest(span.event.request);
    const actor = actors.indexOf(eventRows[span.event.kind].actor);
    const key = `${guest} ${actor}`;
    const lanes = this.lanes.get(key) ?? new Lanes();
    this.lanes.set(key, lanes);
    const lane = lanes.place(span);
    const pid = this.firstPid + guest;
    const place = { pid, tid: pid * THREADS + actor * LANES + lane };
    this.nameTrack(place, guest, actor, lane);
    return place;
  }

  private nameTrack({ pid, tid }: Place, guest: number, actor: number, lane: number): void {
    if (this.tracks.has(tid)) {
      return;
    }
    const process = processName(this.recording, guest);
    const thread = lane === 0 ? actors[actor] : `${actors[actor]} (${lane + 1})`;
    this.tracks.set(tid, [
      { ph: 'M', name: 'process_name', pid, tid, args: { name: process } },
      { ph: 'M', name: 'process_sort_index', pid, tid, args: { sort_index: pid } },
      { ph: 'M', name: 'thread_name', pid, tid, args: { name: thread } },
      { ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: tid } },
    ]);
  }
}

function processName(recording: Recording, guest: number): string {
  if (recording.peer !== undefined) {
    const { peer } = recording;
    return [peer.name, peer.system, 'wall-clock time'].filter((each) => each !== '').join(', ');
  }
  const { stack, guests } = recording.request;
  return guests === undefined ? stack : `${stack} ${guests[guest]?.name ?? guest}`;
}

interface Arrows {
  /** The arrow that comes to an event. */
  readonly into: ReadonlyMap<EventId, number>;
  /** Those that leave one. */
  readonly from: ReadonlyMap<EventId, readonly number[]>;
}

function arrowsOf(events: Tracer, flows: { last: number }): Arrows {
  const into = new Map<EventId, number>();
  const from = new Map<EventId, number[]>();
  for (const { id, cause } of events) {
    if (cause !== 0) {
      const flow = ++flows.last;
      into.set(id, flow);
      from.set(cause, [...(from.get(cause) ?? []), flow]);
    }
  }
  return { into, from };
}

/** With the names that the table of events gives them; of a wait, also what it was for. */
function argumentsOf(
  event: TraceEvent,
  parts: WaitParts | undefined,
  words: string | undefined,
): Record<string, number | string> {
  const { id, request, cause, kind } = event;
  const row: EventRow = eventRows[kind];
  const named = (['a', 'b', 'c'] as const).flatMap((key): [string, number][] => {
    const [name] = (row[key] ?? '').split(/[,:]/);
    return name === '' ? [] : [[name, event[key]]];
  });
  return {
    ...{ event: id, request, cause, ...Object.fromEntries(named), ...parts },
    ...(words === undefined ? {} : { words }),
  };
}

function microseconds(ns: number): number {
  return ns / 1000;
}
