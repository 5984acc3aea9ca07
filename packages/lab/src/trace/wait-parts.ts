/** What a wait was for, in time: the guest's packets on the engines, others' before them, and the rest. */
import type { EventId } from '@doorbell/abi';
import { modelsOf } from '../step/inspect/saved.ts';
import { schedulersOf } from '../step/inspect/scheduler.ts';
import { engineUses, ownerOf, type EngineUse } from './engine-use.ts';
import type { Recording } from './recording.ts';
import { spansOf } from './spans.ts';

/** In nanoseconds of virtual time. */
export interface WaitParts {
  readonly ns: number;
  /** Packets of the guest had the engines. */
  readonly engineNs: number;
  /** Of those packets' time: walks of the IOMMU's tables. The GPU's own walks are no events, and are not here. */
  readonly translationNs: number;
  /** A packet of the guest was ready, and others' had the engines. */
  readonly scheduleNs: number;
  /** Neither: code of the driver's other half, exits, interrupts, a switch of contexts, waking up. */
  readonly restNs: number;
}

/**
 * Of each wait that is over, by the id of its first event; and by that of its last. None where
 * several device models share what they run on: their channels have the same numbers, and no event
 * tells them apart.
 */
export function waitParts(recording: Recording): ReadonlyMap<EventId, WaitParts> {
  if (recording.peer !== undefined) {
    return new Map(); // no drivers of ours, which wait
  }
  const { events, request, checkpoints } = recording;
  const [{ state }] = checkpoints;
  if (modelsOf(state) > 1) {
    return new Map();
  }
  const isShared = schedulersOf(state).length <= 1;
  const uses = engineUses(events, isShared);
  const walkNs = request.profile.constants['iommu.walkLevel'].value;
  const parts = new Map<EventId, WaitParts>();
  for (const { event, ns, end } of spansOf(events)) {
    if (event.kind === 'wait' && end !== undefined) {
      const guest = ownerOf(event);
      const competing = isShared ? uses : uses.filter((use) => use.guest === guest);
      const found = partsOf(competing, guest, event.time, event.time + ns, walkNs);
      parts.set(event.id, found).set(end, found);
    }
  }
  return parts;
}

function partsOf(
  uses: readonly EngineUse[],
  guest: number,
  from: number,
  to: number,
  walkNs: number,
): WaitParts {
  let [engineNs, translationNs, scheduleNs] = [0, 0, 0];
  for (let at = firstAfter(uses, from); at < uses.length && uses[at].from < to; at++) {
    const use = uses[at];
    if (use.guest === guest) {
      const had = overlap(use, from, to);
      engineNs += had;
      translationNs += Math.min(had, use.levels * walkNs);
      scheduleNs += othersBefore(uses, at, Math.max(from, use.ready));
    }
  }
  const ns = to - from;
  return { ns, engineNs, translationNs, scheduleNs, restNs: ns - engineNs - scheduleNs };
}

/** How long others had the engines from `since` on, until the packet at this place had them. */
function othersBefore(uses: readonly EngineUse[], place: number, since: number): number {
  const { guest, from } = uses[place];
  let ns = 0;
  for (let at = place - 1; at >= 0 && uses[at].to > since; at--) {
    ns += uses[at].guest === guest ? 0 : overlap(uses[at], since, from);
  }
  return ns;
}

function overlap(use: EngineUse, from: number, to: number): number {
  return Math.max(0, Math.min(use.to, to) - Math.max(use.from, from));
}

/** The first that ends after a time. */
function firstAfter(uses: readonly EngineUse[], time: number): number {
  let [low, high] = [0, uses.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (uses[middle].to > time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
