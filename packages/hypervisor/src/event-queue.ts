/**
 * Timers in order of time, ties in order of arming. An indexed binary heap over typed arrays:
 * each timer is a slot, armed or not, so that the whole queue is plain data.
 */
import type { EventId, RequestId, Stateful } from '@doorbell/abi';

/** Of the slots that are reserved, and of the heap what is in use. */
export interface EventQueueState {
  readonly times: Float64Array;
  readonly order: Float64Array;
  readonly requests: Uint32Array;
  readonly causes: Uint32Array;
  readonly heap: Uint32Array;
  readonly armed: number;
  readonly sequence: number;
}

export class EventQueue implements Stateful<EventQueueState> {
  private times = new Float64Array(64);
  private order = new Float64Array(64);
  /** Place of a slot in the heap plus 1; 0 when not armed. */
  private place = new Uint32Array(64);
  private heap = new Uint32Array(64);
  private requests = new Uint32Array(64);
  private causes = new Uint32Array(64);
  private slots = 0;
  private armed = 0;
  private sequence = 0;

  /** Reserves `count` slots and returns the first. */
  reserve(count: number): number {
    const first = this.slots;
    this.slots += count;
    if (this.slots > this.times.length) {
      this.grow();
    }
    return first;
  }

  /** Arms a slot for `time`, in place of what it was armed for. */
  arm(slot: number, time: number, request: RequestId, cause: EventId): void {
    this.disarm(slot);
    this.times[slot] = time;
    this.order[slot] = ++this.sequence;
    this.requests[slot] = request;
    this.causes[slot] = cause;
    this.heap[this.armed] = slot;
    this.place[slot] = ++this.armed;
    this.rise(this.armed - 1);
  }

  disarm(slot: number): void {
    const at = this.place[slot] - 1;
    if (at < 0) {
      return;
    }
    this.place[slot] = 0;
    const last = this.heap[--this.armed];
    if (last !== slot) {
      this.heap[at] = last;
      this.place[last] = at + 1;
      this.rise(at);
      this.sink(this.place[last] - 1);
    }
  }

  /** When the earliest timer is due; Infinity for none. */
  get nextTime(): number {
    return this.armed === 0 ? Infinity : this.times[this.heap[0]];
  }

  /** Takes the earliest timer off and returns its slot. */
  pop(): number {
    const slot = this.heap[0];
    this.disarm(slot);
    return slot;
  }

  /** How often a slot was armed so far. */
  get armings(): number {
    return this.sequence;
  }

  /** Whether a slot is armed that was so when `armings` was this. */
  isArmedSince(armings: number): boolean {
    for (let at = 0; at < this.armed; at++) {
      if (this.order[this.heap[at]] <= armings) {
        return true;
      }
    }
    return false;
  }

  timeOf(slot: number): number {
    return this.times[slot];
  }
  requestOf(slot: number): RequestId {
    return this.requests[slot];
  }
  causeOf(slot: number): EventId {
    return this.causes[slot];
  }

  save(): EventQueueState {
    return {
      times: this.times.slice(0, this.slots),
      order: this.order.slice(0, this.slots),
      requests: this.requests.slice(0, this.slots),
      causes: this.causes.slice(0, this.slots),
      heap: this.heap.slice(0, this.armed),
      armed: this.armed,
      sequence: this.sequence,
    };
  }

  load(state: EventQueueState): void {
    this.slots = state.times.length;
    if (this.slots > this.times.length) {
      this.grow();
    }
    this.times.set(state.times);
    this.order.set(state.order);
    this.requests.set(state.requests);
    this.causes.set(state.causes);
    this.heap.set(state.heap);
    this.armed = state.armed;
    this.sequence = state.sequence;
    this.place.fill(0);
    for (let at = 0; at < this.armed; at++) {
      this.place[this.heap[at]] = at + 1;
    }
  }

  private before(a: number, b: number): boolean {
    const first = this.times[a];
    const second = this.times[b];
    return first < second || (first === second && this.order[a] < this.order[b]);
  }

  private put(at: number, slot: number): void {
    this.heap[at] = slot;
    this.place[slot] = at + 1;
  }

  private rise(from: number): void {
    let at = from;
    const slot = this.heap[at];
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.heap[above];
      if (!this.before(slot, parent)) {
        break;
      }
      this.put(at, parent);
      at = above;
    }
    this.put(at, slot);
  }

  private sink(from: number): void {
    let at = from;
    const slot = this.heap[at];
    for (;;) {
      let below = 2 * at + 1;
      if (below >= this.armed) {
        break;
      }
      if (below + 1 < this.armed && this.before(this.heap[below + 1], this.heap[below])) {
        below++;
      }
      const child = this.heap[below];
      if (!this.before(child, slot)) {
        break;
      }
      this.put(at, child);
      at = below;
    }
    this.put(at, slot);
  }

  private grow(): void {
    const size = Math.max(this.slots, this.times.length * 2);
    const wider = <T extends Float64Array | Uint32Array>(made: T, old: T): T => {
      made.set(old);
      return made;
    };
    this.times = wider(new Float64Array(size), this.times);
    this.order = wider(new Float64Array(size), this.order);
    this.place = wider(new Uint32Array(size), this.place);
    this.heap = wider(new Uint32Array(size), this.heap);
    this.requests = wider(new Uint32Array(size), this.requests);
    this.causes = wider(new Uint32Array(size), this.causes);
  }
}
