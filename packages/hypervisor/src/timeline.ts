/**
 * Virtual time: one clock in nanoseconds, timers, and what things cost. Time passes by what is
 * charged, and by going to the next event; ties go by sequence.
 */
import type { Timers } from '@doorbell/abi';
import { EventQueue, type EventQueueState } from './event-queue.ts';
import { costNames, type Profile } from './profile.ts';
import type { Recorder } from './recorder.ts';
import { Tracer } from './tracer.ts';

/** How many timers one owner may have. */
const TIMERS_EACH = 16;

export class Timeline {
  /** Nanoseconds: of the CPU that runs, or of the event that is handled. */
  now = 0;
  /** Events handled so far. */
  eventsRun = 0;
  readonly tracer: Tracer;
  /** Hears what is done to the machine; undefined: nobody records. */
  recorder: Recorder | undefined;
  /** Nanoseconds spent, by the cost's place in `costNames`. */
  readonly byCost = new Float64Array(costNames.length);
  readonly profile: Profile;
  protected readonly queue = new EventQueue();
  private readonly prices: Float64Array;
  private readonly owners: ((id: number) => void)[] = [];
  private inEvent = false;
  /** CPU work that events caused, in nanoseconds: as a softirq, it is done at the next crossing. */
  protected owed = 0;

  constructor(profile: Profile) {
    this.profile = profile;
    this.prices = Float64Array.from(costNames, (name) => profile.constants[name].value);
    this.tracer = new Tracer(() => this.now);
  }

  /** The price of one operation, in nanoseconds. */
  price(index: number): number {
    return this.prices[index];
  }

  /** Spends the price of `times` operations, at least `least` nanoseconds, and handles what became due. */
  charge(index: number, times = 1, least = 0): void {
    const ns = Math.ceil(Math.max(this.prices[index] * times, least));
    this.byCost[index] += ns;
    if (this.inEvent) {
      this.owed += ns;
      return;
    }
    this.now += ns;
    if (this.queue.nextTime <= this.now) {
      this.handleDue();
    }
  }

  /** Does the work that events left to the CPU. */
  pay(): void {
    if (this.owed > 0) {
      this.now += this.owed;
      this.owed = 0;
      this.handleDue();
      this.recorder?.add('pay', 0);
    }
  }

  /** Lets time pass on the running CPU. */
  advance(ns: number): void {
    this.now += atLeastOne(ns);
    this.handleDue();
  }

  /** When the next event is due; Infinity for never. */
  get nextEvent(): number {
    return this.queue.nextTime;
  }

  private handleDue(): void {
    const { now } = this;
    while (this.queue.nextTime <= now) {
      this.handleNext();
    }
    this.now = now;
  }

  /** Goes to the next event and handles it, in the context in which it was armed, on no driver's line. */
  handleNext(): void {
    const slot = this.queue.pop();
    const { tracer } = this;
    const { request, cause, line } = tracer;
    this.now = this.queue.timeOf(slot);
    this.eventsRun++;
    this.inEvent = true;
    tracer.request = this.queue.requestOf(slot);
    tracer.cause = this.queue.causeOf(slot);
    tracer.line = 0;
    try {
      this.owners[Math.floor(slot / TIMERS_EACH)]?.(slot % TIMERS_EACH);
    } finally {
      this.inEvent = false;
      tracer.request = request;
      tracer.cause = cause;
      tracer.line = line;
    }
  }

  /** Timers that were asked for since are no more: their owners have gone, too. */
  protected loadQueue(state: EventQueueState): void {
    this.queue.load(state);
    this.owners.splice(state.times.length / TIMERS_EACH);
  }

  /** Timers for one owner: ids 0 to 15, given back to `onTimer` when due. */
  timers(onTimer: (id: number) => void): Timers {
    const base = this.queue.reserve(TIMERS_EACH);
    this.owners.push(onTimer);
    const slot = (id: number): number => {
      if (id < 0 || id >= TIMERS_EACH) {
        throw new RangeError(`Timer ${id} is not among the ${TIMERS_EACH} of its owner.`);
      }
      return base + id;
    };
    return {
      now: () => this.now,
      arm: (id, ns) => {
        const { request, cause } = this.tracer;
        this.queue.arm(slot(id), this.now + atLeastOne(ns), request, cause);
      },
      disarm: (id) => {
        this.queue.disarm(slot(id));
      },
    };
  }
}

/** Whole nanoseconds: time always passes. */
function atLeastOne(ns: number): number {
  return Math.max(Math.ceil(ns), 1);
}
