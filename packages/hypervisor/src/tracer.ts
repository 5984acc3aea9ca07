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

const kindNumbers = Object.fromEntries(eventKinds.map((kind, index) => [kind, index])) as Record<
  EventKind,
  number
>;

export class Tracer implements Trace {
  /** The application's call that is being served; 0 for none. */
  request: RequestId = 0;
  /** The event that makes the next ones happen; 0 for none. */
  cause: EventId = 0;
  recording = false;
  count = 0;
  /** Set while a recorded run is repeated: numbers its events, which are not recorded again. */
  repeat: ((kind: EventKind, a: number) => EventId) | undefined;
  private readonly chunks: Chunk[] = [];
  private readonly now: () => number;

  constructor(now: () => number) {
    this.now = now;
  }

  event(kind: EventKind, a: number, b: number, c = 0): EventId {
    return this.recording ? this.record(kind, a, b, c) : 0;
  }

  private record(kind: EventKind, a: number, b: number, c: number): EventId {
    if (this.repeat !== undefined) {
      return this.repeat(kind, a);
    }
    const at = this.count % CHUNK;
    if (at === 0) {
      this.chunks.push({
        times: new Float64Array(CHUNK),
        kinds: new Uint8Array(CHUNK),
        requests: new Uint32Array(CHUNK),
        causes: new Uint32Array(CHUNK),
        a: new Float64Array(CHUNK),
        b: new Float64Array(CHUNK),
        c: new Float64Array(CHUNK),
      });
    }
    const chunk = this.chunks[this.chunks.length - 1];
    chunk.times[at] = this.now();
    chunk.kinds[at] = kindNumbers[kind];
    chunk.requests[at] = this.request;
    chunk.causes[at] = this.cause;
    chunk.a[at] = a;
    chunk.b[at] = b;
    chunk.c[at] = c;
    return ++this.count;
  }

  /** Sets an event's second argument, once it is known. */
  amend(id: EventId, b: number): void {
    if (id !== 0 && this.repeat === undefined) {
      const chunk = this.chunks[Math.floor((id - 1) / CHUNK)];
      chunk.b[(id - 1) % CHUNK] = b;
    }
  }

  /** The event with this id, from 1 to `count`. */
  at(id: EventId): TraceEvent {
    const chunk = this.chunks[Math.floor((id - 1) / CHUNK)];
    const at = (id - 1) % CHUNK;
    if (chunk === undefined || id > this.count) {
      throw new RangeError(`There is no event ${id}: the trace holds 1 to ${this.count}.`);
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
    for (let id = 1; id <= this.count; id++) {
      yield this.at(id);
    }
  }
}
