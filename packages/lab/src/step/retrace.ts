/**
 * Numbers the events of a run that is repeated as they were numbered when it was recorded, and
 * says when each of them happens.
 */
import type { EventId, EventKind } from '@doorbell/abi';
import { ReplayDivergence, type Tracer } from '@doorbell/hypervisor';

export class Retrace {
  /** The event that happened last. */
  count: EventId = 0;
  private readonly recorded: Tracer;
  private readonly onEvent: (id: EventId) => void;

  /** @param onEvent  is called as the event happens: the machine may be in the middle of something. */
  constructor(recorded: Tracer, onEvent: (id: EventId) => void) {
    this.recorded = recorded;
    this.onEvent = onEvent;
  }

  /** Has a machine's events numbered, from the one after `count` on. */
  attach(tracer: Tracer, count: EventId): void {
    this.count = count;
    tracer.recording = true;
    tracer.repeat = (kind, a) => this.happens(kind, a);
  }

  /** The kind of the event that was recorded next; undefined after the last. */
  get next(): EventKind | undefined {
    return this.count < this.recorded.count ? this.recorded.at(this.count + 1).kind : undefined;
  }

  /** One that the driver or the application recorded, which are not there. */
  pass(): EventId {
    this.onEvent(++this.count);
    return this.count;
  }

  private happens(kind: EventKind, a: number): EventId {
    while (this.next === 'statement' && kind !== 'statement') {
      this.pass();
    }
    const id = this.count + 1;
    const was = id <= this.recorded.count ? this.recorded.at(id) : undefined;
    if (was?.kind !== kind || !Object.is(was.a, a)) {
      const then = was === undefined ? 'not there' : `${was.kind} ${was.a}`;
      throw new ReplayDivergence(
        `Event ${id} was ${then} when it was recorded, and is ${kind} ${a}.`,
      );
    }
    return this.pass();
  }
}
