/**
 * When each tenant of a shared GPU had its engines and when it waited with work, over a whole run:
 * from the trace's events, and from the ledger that the host kept.
 */
import type { EventId } from '@doorbell/abi';
import type { EngineLedgerState, Tracer } from '@doorbell/hypervisor';
import { modelsOf } from '../step/inspect/saved.ts';
import { ledgersOf, schedulersOf, type SchedulerView } from '../step/inspect/scheduler.ts';
import type { StackState } from '../stacks/stack.ts';
import { engineUses, ownerOf, type EngineUse } from './engine-use.ts';
import {
  columnsOf,
  joined,
  overlapOf,
  without,
  type Stretch,
  type StretchColumns,
} from './stretches.ts';

export interface TenantTimeline {
  /** -1: the host, with channels of its own. */
  readonly tenant: number;
  /** It had the engines: from the event that began the packet. */
  readonly ran: StretchColumns;
  /** It had work that could run, and another had the engines: from the event that made it ready. */
  readonly behind: StretchColumns;
  /** The same, and nobody had them: another's turn, a spent budget, or a switch of contexts. */
  readonly heldBack: StretchColumns;
  /** It had no work between two packets of its own, and others that had some were held back: the turn was its. */
  readonly kept: StretchColumns;
}

/** Of one set of engines. */
export interface EngineTimeline {
  readonly tenants: readonly TenantTimeline[];
}

const HOST = -1;
/** Numbers of a span of the ledger: tenant, from, to. */
const SPAN = 3;

/** In the order of `schedulersOf`. @param last  the state after the last event. */
export function engineTimelines(events: Tracer, last: StackState): readonly EngineTimeline[] {
  const views = schedulersOf(last);
  const ledgers = ledgersOf(last);
  const isShared = views.length <= 1;
  // Channels of several device models have the same numbers: whose they are tells them apart.
  const uses = engineUses(events, isShared && modelsOf(last) <= 1);
  return views.map((view, place) => {
    const ofHost = isShared ? uses.filter(({ guest }) => guest === HOST).map(runOf) : [];
    const tenants = view.sharing.tenants.map((_, tenant) => {
      const guest = isShared ? tenant : place;
      const own = uses.filter((use) => use.guest === guest);
      const ran = ranOf(own, tenant, ledgers[place]);
      return {
        tenant,
        ran,
        waits: [...waitsOf(own, ran), ...openWait(events, view, tenant, guest)],
      };
    });
    const busy = joined([...ofHost, ...tenants.flatMap(({ ran }) => ran)]);
    const waited = tenants.map(({ waits }) => without(waits, busy));
    const anyHeldBack = joined(waited.flat());
    const rows = tenants.map(({ tenant, ran, waits }, at) => ({
      tenant,
      ran: columnsOf(ran),
      behind: columnsOf(overlapOf(waits, busy)),
      heldBack: columnsOf(waited[at]),
      // What it waited itself was no turn of its.
      kept: columnsOf(without(overlapOf(idleGapsOf(ran, busy), anyHeldBack), waited[at])),
    }));
    const none = columnsOf([]);
    const host = { tenant: HOST, ran: columnsOf(ofHost), behind: none, heldBack: none, kept: none };
    return { tenants: ofHost.length === 0 ? rows : [host, ...rows] };
  });
}

function runOf({ from, to, begunBy }: EngineUse): Stretch {
  return { from, to, event: begunBy };
}

/** From the end of each to the next, where nobody had the engines between them. */
function idleGapsOf(ran: readonly Stretch[], busy: readonly Stretch[]): readonly Stretch[] {
  const gaps = ran
    .slice(1)
    .map(({ from }, at) => ({ from: ran[at].to, to: from, event: ran[at].event }));
  const ends = new Map(gaps.map(({ from, to }) => [from, to]));
  return without(gaps, busy).filter(({ from, to }) => ends.get(from) === to);
}

/** Its packets; what the ledger has, where pieces of packets were preempted, or a packet never ended: no event tells of those. */
function ranOf(
  own: readonly EngineUse[],
  tenant: number,
  { busyNs, spans }: EngineLedgerState,
): readonly Stretch[] {
  const packets = own.map(runOf);
  if (packets.reduce((sum, { from, to }) => sum + to - from, 0) === busyNs[tenant]) {
    return packets;
  }
  const had: Stretch[] = [];
  let next = 0;
  for (let at = 0; at < spans.length; at += SPAN) {
    if (spans[at] === tenant) {
      const [from, to] = [spans[at + 1], spans[at + 2]];
      while (next < own.length - 1 && own[next].to <= from) {
        next++;
      }
      had.push({ from, to, event: own.at(next)?.begunBy ?? 0 });
    }
  }
  return had;
}

/** From when a packet could have begun until it was done, without what its tenant had of that. */
function waitsOf(own: readonly EngineUse[], ran: readonly Stretch[]): readonly Stretch[] {
  const wants: Stretch[] = [];
  let known = -Infinity;
  for (const { ready, to, readyBy } of own) {
    if (to > known) {
      wants.push({ from: Math.max(ready, known), to, event: readyBy });
      known = to;
    }
  }
  return without(wants, ran);
}

/** Of who waited still when the run ended. */
function openWait(
  events: Tracer,
  { now, running, sharing }: SchedulerView,
  tenant: number,
  guest: number,
): Stretch[] {
  const { since } = sharing.tenants[tenant];
  if (since === undefined || running === tenant) {
    return [];
  }
  return [{ from: since, to: now, event: madeReady(events, guest, since) }];
}

/** The guest's last doorbell, or end of a packet, up to a time; 0: none. */
function madeReady(events: Tracer, guest: number, since: number): EventId {
  for (let id = events.count; id >= events.first; id--) {
    const event = events.at(id);
    const isOne = event.kind === 'doorbell' || event.kind === 'packetDone';
    if (isOne && event.time <= since && ownerOf(event) === guest) {
      return id;
    }
  }
  return 0;
}
