/** When packets had a GPU's engines, for whom, and since when each had been ready: from a trace's events. */
import { ringPackets } from '@doorbell/abi';
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
  /** Levels of the IOMMU's tables that were walked for it: what that takes is a part of its time. */
  readonly levels: number;
}

export function ownerOf({ request }: TraceEvent): number {
  return request === 0 ? HOST : guestOfRequest(request);
}

interface Begun {
  readonly guest: number;
  readonly at: number;
  readonly ready: number;
  readonly isWait: boolean;
  levels: number;
}

/**
 * In the order of their ends. A WAIT packet is left out, as it has no engine; of a packet that was
 * preempted the last piece alone is here, because no event says when the others ended.
 * @param isShared  by all guests; else each has its own GPU, whose channels have the same numbers.
 */
export function engineUses(events: Tracer, isShared: boolean): readonly EngineUse[] {
  const uses: EngineUse[] = [];
  const ready = new Map<number, number>();
  const begun = new Map<string, Begun>();
  /** Of each GPU: the packet that began last, and walks that belong to it or to the next. */
  const last = new Map<number, Begun>();
  const walked = new Map<number, { readonly at: number; levels: number }>();
  for (const event of events) {
    const { kind, time, a, b } = event;
    const gpu = isShared ? 0 : ownerOf(event);
    const channel = `${gpu} ${a}`;
    switch (kind) {
      case 'doorbell':
        ready.set(ownerOf(event), time);
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
        const packet = {
          ...{ guest, at: time, ready: ready.get(guest) ?? time },
          isWait: b === ringPackets.WAIT.opcode,
          levels: own?.at === time ? own.levels : 0,
        };
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
        const { guest, ready: since, levels, isWait } = packet;
        ready.set(guest, time);
        if (!isWait) {
          uses.push({ guest, ready: since, from: time - b, to: time, levels });
        }
        break;
      }
      default:
    }
  }
  return uses.sort((one, other) => one.to - other.to);
}
