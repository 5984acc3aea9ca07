/**
 * Records what the other half did with a device of ours: events in the time of the wall, and words
 * to some of them. It is handed to whoever serves a device; without one nothing is recorded.
 */
import type { EventId, EventKind, RequestId, Trace } from '@doorbell/abi';
import { type EventColumns, Tracer } from '@doorbell/hypervisor';
import type { ModelChoice } from '../pci-device/model.ts';
import { RingRecorder } from './ring-recorder.ts';

/** What more would be is left out: the run goes on, and the recording says that it is not whole. */
export const MOST_EVENTS = 2_000_000;
const NS_PER_MS = 1e6;

/** Where the guest has a BAR. */
export interface RecordedBar {
  readonly kind: ModelChoice['kind'];
  readonly bar: number;
  /** The guest's address of its first byte. */
  readonly base: number;
}

/** What a device in another thread records, as plain data: it has no virtqueues. */
export interface PeerRecord {
  readonly events: EventColumns;
  readonly words: ReadonlyMap<EventId, string>;
  readonly bars: readonly RecordedBar[];
  readonly isWhole: boolean;
}

export class PeerRecorder implements Trace {
  /** What is at the other end: `Linux 6.1.0`; '' until it is known. */
  system = '';
  private isCut = false;
  /** What an event is about, where its arguments do not say it. */
  words = new Map<EventId, string>();
  bars: RecordedBar[] = [];
  /** Virtqueues at each kick. */
  readonly rings = new RingRecorder();
  /** Nanoseconds from the first event on. */
  readonly events: Tracer;
  private readonly most: number;
  private begun: number | undefined;
  private lastRequest: RequestId = 0;

  constructor(most = MOST_EVENTS) {
    this.most = most;
    this.events = new Tracer(() => this.now());
    this.events.recording = true;
  }

  private now(): number {
    const ms = performance.now();
    this.begun ??= ms;
    return Math.round((ms - this.begun) * NS_PER_MS);
  }

  /** Nothing was left out. */
  get isWhole(): boolean {
    return !this.isCut && this.rings.isWhole;
  }

  event(kind: EventKind, a: number, b: number, c = 0): EventId {
    if (this.events.count >= this.most) {
      this.isCut = true;
      return 0;
    }
    return this.events.event(kind, a, b, c);
  }

  /** An event's second argument, once it is known. */
  amend(id: EventId, b: number): void {
    this.events.amend(id, b);
  }

  /** What the next events are for, and what made them happen; 0 for none. */
  serves(request: RequestId, cause: EventId): void {
    this.events.request = request;
    this.events.cause = cause;
  }

  newRequest(): RequestId {
    return ++this.lastRequest;
  }

  say(id: EventId, words: string): void {
    if (id !== 0) {
      this.words.set(id, words);
    }
  }

  /** A BAR is where it was not before. */
  placed(bar: RecordedBar): void {
    if (!this.bars.some((each) => each.bar === bar.bar && each.base === bar.base)) {
      this.bars.push(bar);
    }
  }

  save(): PeerRecord {
    const { events, words, bars, isWhole } = this;
    return { events: events.save(), words, bars, isWhole };
  }

  /** In the place of what was recorded here. */
  load({ events, words, bars, isWhole }: PeerRecord): void {
    this.events.load(events);
    this.words = new Map(words);
    this.bars = [...bars];
    this.isCut = !isWhole;
  }
}
