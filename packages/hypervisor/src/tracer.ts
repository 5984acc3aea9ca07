/**
 * Records the events of a run in struct-of-arrays chunks. Off, an event costs one test.
 *
 * The context (which request, which cause) follows the work: an access sets the cause of what
 * the device does at once, a timer keeps the context in which it was armed. The driver's source line
 * follows the code instead: what happens while no statement of a driver runs has none.
 */
import {
  eventKinds,
  type EventId,
  type EventKind,
  type RequestId,
  type Stateful,
  type Trace,
} from '@doorbell/abi';

const CHUNK = 8192;

/** Events by column: each array has one entry per event. */
export interface EventColumns {
  /** Virtual nanoseconds. */
  readonly times: Float64Array;
  /** Places in `eventKinds`. */
  readonly kinds: Uint8Array;
  readonly requests: Uint32Array;
  readonly causes: Uint32Array;
  readonly lines: Uint16Array;
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
}

/** One event, as readers see it. */
export interface TraceEvent {
  readonly id: EventId;
  /** Virtual nanoseconds. */
  readonly time: number;
  readonly kind: EventKind;
  readonly request: RequestId;
  readonly cause: EventId;
  /** The driver's source line that was run, as a number of the table of lines; 0 for none. */
  readonly line: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** By the number that a recording has. */
export const kindNumbers = Object.fromEntries(
  eventKinds.map((kind, index) => [kind, index]),
) as Record<EventKind, number>;

function newColumns(length: number): EventColumns {
  return {
    times: new Float64Array(length),
    kinds: new Uint8Array(length),
    requests: new Uint32Array(length),
    causes: new Uint32Array(length),
    lines: new Uint16Array(length),
    a: new Float64Array(length),
    b: new Float64Array(length),
    c: new Float64Array(length),
  };
}

function setColumns(into: EventColumns, from: EventColumns, at: number): void {
  into.times.set(from.times, at);
  into.kinds.set(from.kinds, at);
  into.requests.set(from.requests, at);
  into.causes.set(from.causes, at);
  into.lines.set(from.lines, at);
  into.a.set(from.a, at);
  into.b.set(from.b, at);
  into.c.set(from.c, at);
}

function subColumns(columns: EventColumns, from: number, to: number): EventColumns {
  const { times, kinds, requests, causes, lines, a, b, c } = columns;
  return {
    times: times.subarray(from, to),
    kinds: kinds.subarray(from, to),
    requests: requests.subarray(from, to),
    causes: causes.subarray(from, to),
    lines: lines.subarray(from, to),
    a: a.subarray(from, to),
    b: b.subarray(from, to),
    c: c.subarray(from, to),
  };
}

export class Tracer implements Trace, Stateful<EventColumns> {
  /** The application's call that is being served; 0 for none. */
  request: RequestId = 0;
  /** The event that makes the next ones happen; 0 for none. */
  cause: EventId = 0;
  /** The driver's source line that runs, as a number of the table of lines; 0 for none. */
  line = 0;
  recording = false;
  /** The last event's id. */
  count = 0;
  /** Called as an event happens: the machine may be in the middle of something. */
  onEvent: ((id: EventId) => void) | undefined;
  /** Events that were recorded elsewhere, before those that are here. */
  private before = 0;
  private readonly chunks: EventColumns[] = [];
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  event(kind: EventKind, a: number, b: number, c = 0): EventId {
    return this.recording ? this.record(kindNumbers[kind], a, b, c) : 0;
  }

  private record(kind: number, a: number, b: number, c: number): EventId {
    const place = this.count - this.before;
    const at = place % CHUNK;
    const chunk = (this.chunks[(place - at) / CHUNK] ??= newColumns(CHUNK));
    chunk.times[at] = this.now();
    chunk.kinds[at] = kind;
    chunk.requests[at] = this.request;
    chunk.causes[at] = this.cause;
    chunk.lines[at] = this.line;
    chunk.a[at] = a;
    chunk.b[at] = b;
    chunk.c[at] = c;
    const id = ++this.count;
    this.onEvent?.(id);
    return id;
  }

  /** Sets an event's second argument, once it is known. */
  amend(id: EventId, b: number): void {
    if (id > this.before) {
      const place = id - 1 - this.before;
      this.chunks[Math.floor(place / CHUNK)].b[place % CHUNK] = b;
    }
  }

  /** Goes on after `count` events that were recorded elsewhere; those that are here are forgotten. */
  resume(count: number): void {
    this.count = count;
    this.before = count;
  }

  /** The first event that is here, if any is. */
  get first(): EventId {
    return this.before + 1;
  }

  /** What kind of event this is: of one from `first` to `count`. */
  kindAt(id: EventId): EventKind {
    const place = id - 1 - this.before;
    return eventKinds[this.chunks[Math.floor(place / CHUNK)].kinds[place % CHUNK]];
  }

  /** The event with this id, from `first` to `count`. */
  at(id: EventId): TraceEvent {
    const { before } = this;
    const chunk = this.chunks[Math.floor((id - 1 - before) / CHUNK)];
    const at = (id - 1 - before) % CHUNK;
    if (chunk === undefined || id > this.count) {
      throw new RangeError(
        `There is no event ${id}: the trace holds ${before + 1} to ${this.count}.`,
      );
    }
    return {
      id,
      time: chunk.times[at],
      kind: eventKinds[chunk.kinds[at]],
      request: chunk.requests[at],
      cause: chunk.causes[at],
      line: chunk.lines[at],
      a: chunk.a[at],
      b: chunk.b[at],
      c: chunk.c[at],
    };
  }

  *[Symbol.iterator](): Generator<TraceEvent> {
    for (let id = this.first; id <= this.count; id++) {
      yield this.at(id);
    }
  }

  /** What was recorded, as plain data. */
  save(): EventColumns {
    const count = this.count - this.before;
    const columns = newColumns(count);
    this.chunks.forEach((chunk, index) => {
      const from = index * CHUNK;
      const held = Math.min(CHUNK, Math.max(count - from, 0));
      setColumns(columns, subColumns(chunk, 0, held), from);
    });
    return columns;
  }

  /**
   * In the place of what was recorded.
   * @throws RangeError when that is no trace: columns of different lengths, kinds that there are
   * not, or a cause that is not before its effect.
   */
  load(columns: EventColumns): void {
    const count = columns.times.length;
    checkColumns(columns, count);
    this.chunks.length = 0;
    this.before = 0;
    for (let from = 0; from < count; from += CHUNK) {
      const chunk = newColumns(CHUNK);
      setColumns(chunk, subColumns(columns, from, Math.min(from + CHUNK, count)), 0);
      this.chunks.push(chunk);
    }
    this.count = count;
  }
}

function checkColumns(columns: EventColumns, count: number): void {
  if (Object.values<ArrayLike<number>>({ ...columns }).some(({ length }) => length !== count)) {
    throw new RangeError('The columns of the events have different lengths.');
  }
  for (let at = 0; at < count; at++) {
    const kind = columns.kinds[at];
    if (kind >= eventKinds.length) {
      throw new RangeError(
        `Event ${at + 1} is of kind ${kind}, and there are ${eventKinds.length}.`,
      );
    }
    if (columns.causes[at] > at) {
      throw new RangeError(`Event ${at + 1} has a later one, ${columns.causes[at]}, as its cause.`);
    }
  }
}
