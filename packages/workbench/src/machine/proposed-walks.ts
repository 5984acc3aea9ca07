/** Addresses that are worth a walk at an event: what it is about, or else what came last before it. */
import {
  crossing,
  formatBdf,
  type TraceEvent,
  type Tracer,
  type Walkable,
  type WalkQuery,
} from '@doorbell/lab';

export interface WalkProposal {
  readonly query: WalkQuery;
  /** What the address is of. */
  readonly what: string;
}

/** How far back one looks, in events. */
const BACK = 2000;
const transfers: ReadonlySet<string> = new Set(['dmaRead', 'dmaWrite', 'dmaRefused']);

/** A channel's ring, and the last transfer up to the event. */
export function proposedWalks(
  events: Tracer,
  at: number,
  walkable: Walkable,
): readonly WalkProposal[] {
  const last = latest(events, at, ({ kind, c }) => transfers.has(kind) && c !== 0);
  return [...ring(events, at, walkable), ...transfer(last, walkable)];
}

/** Of the channel that the event speaks of, or that a packet was begun of last. */
function ring(events: Tracer, at: number, { channels }: Walkable): WalkProposal[] {
  const packet = latest(events, at, ({ kind }) => kind === 'packet' || kind === 'doorbell');
  const found = channels.find(({ channel }) => channel === packet?.a) ?? channels.at(0);
  if (found === undefined) {
    return [];
  }
  const { guest, bdf, channel, head } = found;
  return [
    {
      query: { kind: 'gpu', guest, bdf, channel, address: head },
      what: `where channel ${channel} reads its ring next`,
    },
  ];
}

function transfer(last: TraceEvent | undefined, { requesters }: Walkable): WalkProposal[] {
  if (last === undefined) {
    return requesters.slice(0, 1).map((requester) => ({
      query: { kind: 'iommu', requester, address: 0 },
      what: 'no transfer happened yet',
    }));
  }
  const requester = crossing.where(last.c);
  return [
    {
      query: { kind: 'iommu', requester, address: last.a },
      what: `what ${formatBdf(requester)} reached for at #${last.id}, ${last.kind}`,
    },
  ];
}

function latest(
  events: Tracer,
  at: number,
  wanted: (event: TraceEvent) => boolean,
): TraceEvent | undefined {
  for (let id = at; id >= Math.max(1, at - BACK); id--) {
    const event = events.at(id);
    if (wanted(event)) {
      return event;
    }
  }
  return undefined;
}
