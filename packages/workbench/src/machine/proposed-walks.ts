/** Addresses that are worth a walk at an event: what it is about, or else what came last before it. */
import {
  crossing,
  formatBdf,
  type PageWalk,
  type TraceEvent,
  type Tracer,
  type Walkable,
  type WalkQuery,
} from '@doorbell/lab';
import type { ProposedWalk } from './contract.ts';

type WalkPages = (query: WalkQuery) => PageWalk | undefined;

/** How far back one looks, in events. */
const BACK = 2000;
const transfers: ReadonlySet<string> = new Set(['dmaRead', 'dmaWrite', 'dmaRefused']);

/** A channel's ring, where that leads on the bus, and the last transfer up to the event. */
export function proposedWalks(
  events: Tracer,
  at: number,
  walkable: Walkable,
  walk: WalkPages,
): readonly ProposedWalk[] {
  const propose = (query: WalkQuery, what: string): ProposedWalk => ({
    ...{ query, what, walk: walk(query) },
  });
  const ring = ringOf(events, at, walkable).map(({ query, what }) => propose(query, what));
  const onBus = ring.flatMap((each) =>
    behind(each, walkable).map((query) => propose(query, 'where that leads on the bus')),
  );
  const last = transferOf(events, at).map(({ query, what }) => propose(query, what));
  const known = onBus.map(({ query }) => query.address);
  return [...ring, ...onBus, ...last.filter(({ query }) => !known.includes(query.address))];
}

type Proposal = Omit<ProposedWalk, 'walk'>;

/** Of the channel that the event speaks of, or that a packet was begun of last. */
function ringOf(events: Tracer, at: number, { channels }: Walkable): Proposal[] {
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

/** What the IOMMU makes of it, when a walk of the GPU's tables ends on the host's bus. */
function behind({ query, walk }: ProposedWalk, { iommu, channels }: Walkable): WalkQuery[] {
  const isOnBus = query.kind === 'gpu' && query.guest < 0 && walk?.end === 'bus';
  const found =
    query.kind === 'gpu'
      ? channels.find((each) => each.bdf === query.bdf && each.channel === query.channel)
      : undefined;
  return iommu && isOnBus && walk.address !== undefined && found !== undefined
    ? [{ kind: 'iommu', requester: found.requester, address: walk.address }]
    : [];
}

function transferOf(events: Tracer, at: number): Proposal[] {
  const last = latest(events, at, ({ kind, c }) => transfers.has(kind) && c !== crossing.none);
  if (last === undefined) {
    return [];
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
