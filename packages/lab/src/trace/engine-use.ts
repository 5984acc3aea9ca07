/** When packets had a GPU's engines, for whom, and since when each had been ready: from a trace's events. */
import { ringPackets, type EventId } from '@doorbell/abi';
import type { TraceEvent, Tracer } from '@doorbell/hypervisor';
import { guestOfRequest } from '../meter.ts';

/** What no guest asked for is the host's. */
const HOST = -1;

/** In virtual nanoseconds. */
export interface EngineUse {
  /** Whose packet it was; -1: the host's own. */
  readonly guest: number;
  /** Since when it could have had the engines: its doorbell, or the end of the packet before. */
  readonly ready: number;
  readonly from: number;
  readonly to: number;
  /** The events: what made it ready, and its beginning. */
  readonly readyBy: EventId;
  readonly begunBy: EventId;
  /** Levels of the IOMMU's tables that were walked for it: what that takes is a part of its time. */
  readonly levels: number;
}

export function ownerOf({ request }: TraceEvent): number {
  return request === 0 ? HOST : guestOfRequest(request);
}

interface Begun {
  readonly guest: number;
  readonly at: number;
  readonly ready: Ready;
  readonly begunBy: EventId;
  readonly isWait: boolean;
  levels: number;
}

interface Ready {
  readonly at: number;
  readonly by: EventId;
  /** A doorbell that no packet has followed yet: another one changes nothing. */
  readonly isRung: boolean;
}

/**
 * In the order of their ends. A WAIT packet is left out, as it has no engine; of a packet that was
 * preempted the last piece alone is here, because no event says when the others ended.
 * @param isShared  by all guests; else each has its own GPU, whose channels have the same numbers.
 */
export function engineUses(events: Tracer, isShared: boolean): readonly EngineUse[] {
  const uses: EngineUse[] = [];
  const ready = new Map<number, Ready>();
  const begun = new Map<string, Begun>();
  /** Of each GPU: the packet that began last, and walks that belong to it or to the next. */
  const last = new Map<number, Begun>();
  const walked = new Map<number, { readonly at: number; levels: number }>();
  for (const event of events) {
    const { id, kind, time, a, b } = event;
    const gpu = isShared ? 0 : ownerOf(event);
    const channel = `${gpu} ${a}`;
    switch (kind) {
      case 'doorbell':
        if (ready.get(ownerOf(event))?.isRung !== true) {
          ready.set(ownerOf(event), { at: time, by: id, isRung: true });
        }
        break;
      case 'iotlbMiss': {
        const packet = last.get(gpu);
        const before = walked.get(gpu);
        if (packet?.at === time) {
          packet.levels += b;
        } else if (before?.at === time) {
          before.levels += b;
        } else {
          walked.set(gpu, { at: time, levels: b });
        }
        break;
      }
      case 'packet': {
        const own = walked.get(gpu);
        const guest = ownerOf(event);
        const since = ready.get(guest) ?? { at: time, by: id, isRung: false };
        const packet = {
          ...{ guest, at: time, ready: since, begunBy: id },
          isWait: b === ringPackets.WAIT.opcode,
          levels: own?.at === time ? own.levels : 0,
        };
        ready.set(guest, { ...since, isRung: false });
        walked.delete(gpu);
        begun.set(channel, packet);
        last.set(gpu, packet);
        break;
      }
      case 'packetDone': {
        const packet = begun.get(channel);
        begun.delete(channel);
        if (packet === undefined) {
          break;
        }
        const { guest, ready: since, levels, isWait, begunBy } = packet;
        const isRung = ready.get(guest)?.isRung === true;
        ready.set(guest, { at: time, by: id, isRung });
        if (!isWait) {
          const events = { readyBy: since.by, begunBy };
          uses.push({ guest, ready: since.at, from: time - b, to: time, ...events, levels });
        }
        break;
      }
      default:
    }
  }
  return uses.sort((one, other) => one.to - other.to);
}
