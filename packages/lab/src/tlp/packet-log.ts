/** The packets of a recorded run: how many there are, and those around an event. */
import type { EventId } from '@doorbell/abi';
import type { Tracer } from '@doorbell/hypervisor';
import type { BusMap } from './bus-map.ts';
import { tlpsOf, type Tlp } from './packets.ts';
import { purposeOf } from './purpose.ts';
import { TlpSummer, type TlpSummary } from './summary.ts';

export interface LoggedTlp extends Tlp {
  /** In the run, from 1. */
  readonly number: number;
  readonly purpose: string;
}

export class PacketLog {
  readonly summary: TlpSummary;
  private readonly events: Tracer;
  private readonly bus: BusMap;
  /** Packets up to each event, it included. */
  private readonly upTo: Uint32Array;

  /** Derives all packets once, to count them: they are too many to be kept. */
  constructor(events: Tracer, bus: BusMap) {
    this.events = events;
    this.bus = bus;
    this.upTo = new Uint32Array(events.count + 1);
    const summer = new TlpSummer();
    let count = 0;
    for (const event of events) {
      for (const tlp of tlpsOf([event], bus)) {
        summer.add(tlp);
        count++;
      }
      this.upTo[event.id] = count;
    }
    this.summary = summer.summary();
  }

  /** As many as `most`, half of them before the event's own or its place. */
  around(at: EventId, most: number): readonly LoggedTlp[] {
    const total = this.summary.total.packets;
    const before = at === 0 ? 0 : this.upTo[at - 1];
    const last = Math.min(total, Math.max(0, before - Math.floor(most / 2)) + most);
    return this.from(Math.max(1, last - most + 1), most);
  }

  /** As many as `most`, from a packet's number on. */
  from(first: number, most: number): readonly LoggedTlp[] {
    const last = Math.min(this.summary.total.packets, first + most - 1);
    const found: LoggedTlp[] = [];
    for (let id = this.eventOf(first); id <= this.events.count && found.length < most; id++) {
      let number = this.upTo[id - 1];
      for (const tlp of tlpsOf([this.events.at(id)], this.bus)) {
        number++;
        if (number >= first && number <= last) {
          found.push({ ...tlp, number, purpose: purposeOf(tlp, this.bus, this.events) });
        }
      }
      if (number >= last) {
        break;
      }
    }
    return found;
  }

  /** The event that a packet is of: the first by which there are so many. */
  private eventOf(number: number): EventId {
    let low = 1;
    let high = this.events.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.upTo[middle] >= number) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
