/**
 * Records the events of a run in struct-of-arrays chunks. Off, an event costs one test.
 *
 * The context (which request, which cause) follows the work: an access sets the cause of what
 * the device does at once, a timer keeps the context in which it was armed.
 */
import {
  eventKinds,
  type EventId,
  type EventKind,
  type RequestId,
  type Trace,
} from '@doorbell/abi';

const CHUNK = 8192;

interface Chunk {
  readonly times: Float64Array;
  readonly kinds: Uint8Array;
  readonly requests: Uint32Array;
  readonly causes: Uint32Array;
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
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** By the number that a recording has. */
export const kindNumbers = Object.fromEntries(
  eventKinds.map((kind, index) => [kind, index]),
) as Record<EventKind, number>;

export class Tracer implements Trace {
  /** The application's call that is being served; 0 for none. */
  request: RequestId = 0;
  /** The event that makes the next ones happen; 0 for none. */
  cause: EventId = 0;
  recording = false;
  /** The last event's id. */
  count = 0;
  /** Events that were recorded elsewhere, before those that are here. */
  private before = 0;
  private readonly chunks: Chunk[] = [];
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
    const chunk = (this.chunks[(place - at) / CHUNK] ??= newChunk());
    chunk.times[at] = this.now();
    chunk.kinds[at] = kind;
    chunk.requests[at] = this.request;
    chunk.causes[at] = this.cause;
    chunk.a[at] = a;
    chunk.b[at] = b;
    chunk.c[at] = c;
    return ++this.count;
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
}

function newChunk(): Chunk {
  return {
    times: new Float64Array(CHUNK),
    kinds: new Uint8Array(CHUNK),
    requests: new Uint32Array(CHUNK),
    causes: new Uint32Array(CHUNK),
    a: new Float64Array(CHUNK),
    b: new Float64Array(CHUNK),
    c: new Float64Array(CHUNK),
  };
}
