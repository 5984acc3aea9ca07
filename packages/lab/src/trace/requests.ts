/**
 * A trace by the application's calls: each is a request, whose id is the same on all stacks. (Of a
 * real peer, whose application nobody knows, a request is a command.) What a
 * request caused may happen while later ones are under way, so it is found by the id, not by where
 * it stands.
 */
import type { EventId, RequestId } from '@doorbell/abi';
import {
  exitReasons,
  newCounts,
  type ExitReason,
  type TraceEvent,
  type Tracer,
} from '@doorbell/hypervisor';
import { callNames, guestOfRequest } from '../meter.ts';
import { commandName } from './event-name.ts';

/** What was done for a request, by whom: counts, and bytes where it says so. */
export const requestCounts = [
  'exits',
  'accesses',
  'dma',
  'dmaBytes',
  'interrupts',
  'injections',
  'copiedBytes',
  'kicks',
] as const;
type RequestCount = (typeof requestCounts)[number];

export interface RequestCounts extends Readonly<Record<RequestCount, number>> {
  readonly exitsByReason: Readonly<Record<ExitReason, number>>;
}

interface Counting extends Record<RequestCount, number> {
  readonly exitsByReason: Record<ExitReason, number>;
}

export function noWork(): Counting {
  return {
    ...{ exits: 0, accesses: 0, dma: 0, dmaBytes: 0 },
    ...{ interrupts: 0, injections: 0, copiedBytes: 0, kicks: 0 },
    exitsByReason: newCounts().exitsByReason,
  };
}

export interface TracedRequest {
  /** 0: what was done before the first call, or for none. */
  readonly request: RequestId;
  readonly guest: number;
  /** The call of the Gpu API, or the command; '' of request 0. */
  readonly call: string;
  /** From the call to its return; of what did not return, to the last event for it. */
  readonly first: EventId;
  readonly last: EventId;
  readonly virtualNs: number;
  readonly counts: RequestCounts;
}

/** In the order of their first events. */
export function requestsOf(events: Tracer): readonly TracedRequest[] {
  const found = new Map<RequestId, Gathered>();
  for (const event of events) {
    const gathered = found.get(event.request) ?? new Gathered(event);
    found.set(event.request, gathered);
    gathered.add(event);
  }
  return [...found.values()].map((gathered) => gathered.traced());
}

class Gathered {
  private readonly first: TraceEvent;
  private last: TraceEvent;
  private returned = false;
  private call = '';
  private readonly counts = noWork();

  constructor(first: TraceEvent) {
    this.first = first;
    this.last = first;
    this.call = first.kind === 'appCall' ? (callNames[first.a] ?? '') : '';
  }

  add(event: TraceEvent): void {
    if (event.kind === 'command' && event.request !== 0 && this.call === '') {
      this.call = commandName(event.a);
    }
    if (!this.returned) {
      this.last = event;
      this.returned = event.kind === 'appReturn';
    }
    this.count(event);
  }

  private count({ kind, a, b }: TraceEvent): void {
    const { counts } = this;
    switch (kind) {
      case 'exit':
        counts.exits++;
        counts.exitsByReason[exitReasons[a]]++;
        break;
      case 'mmioBlock':
        counts.accesses++;
        counts.copiedBytes += b;
        break;
      case 'mmioRead':
      case 'mmioWrite':
      case 'configRead':
      case 'configWrite':
        counts.accesses++;
        break;
      case 'memoryWrite':
        counts.copiedBytes += b;
        break;
      case 'dmaRead':
      case 'dmaWrite':
        counts.dma++;
        counts.dmaBytes += b;
        break;
      case 'interrupt':
      case 'queueInterrupt':
        counts.interrupts++;
        break;
      case 'injection':
      case 'posted':
        counts.injections++;
        break;
      case 'kick':
        counts.kicks++;
        break;
      default:
    }
  }

  traced(): TracedRequest {
    const { first, last, call, counts } = this;
    return {
      request: first.request,
      guest: guestOfRequest(first.request),
      call,
      ...{ first: first.id, last: last.id, virtualNs: last.time - first.time },
      counts,
    };
  }
}
