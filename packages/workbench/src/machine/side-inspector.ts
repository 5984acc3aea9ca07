/** What panes show of one recording, at an event of it. */
import {
  AssembledMachine,
  configSpacesOf,
  countersOf,
  enginesOf,
  iotlbEntries,
  ownershipOf,
  PacketLog,
  queuesOf,
  registersOf,
  ringsOf,
  schedulersOf,
  walkableOf,
  walkOf,
  type Cursor,
  type PageWalk,
  type StackState,
  type WalkQuery,
} from '@doorbell/lab';
import type { Inspection, PacketInspection, PaneName, WalkInspection } from './contract.ts';
import { proposedWalks } from './proposed-walks.ts';

/** Packets that are shown, around an event. */
const SHOWN = 200;

export class SideInspector {
  private readonly cursor: Cursor;
  private readonly machine: AssembledMachine;
  private log: PacketLog | undefined;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
    this.machine = new AssembledMachine(cursor.recording.request);
  }

  async inspect(pane: PaneName, event: number = this.cursor.at): Promise<Inspection> {
    const state = await this.cursor.stateAt(event);
    return {
      ...{ event, registers: registersOf(state), engines: enginesOf(state) },
      counters: [...countersOf(state)],
      ...this.own(pane, state, event),
    };
  }

  async walkPages(query: WalkQuery): Promise<PageWalk | undefined> {
    return walkOf(await this.cursor.state(), query);
  }

  private own(pane: PaneName, state: StackState, event: number): Partial<Inspection> {
    switch (pane) {
      case 'rings': {
        const isPacked = this.cursor.name.includes('ring=packed');
        return { rings: ringsOf(state), queues: queuesOf(state, isPacked) };
      }
      case 'iotlb':
        return { iotlb: iotlbEntries(state) };
      case 'config':
        return {
          config: { functions: configSpacesOf(state), maps: this.machine.addressMaps(state) },
        };
      case 'ownership':
        return { ownership: ownershipOf(state) };
      case 'scheduler':
        return { schedulers: schedulersOf(state) };
      case 'packets':
        return { packets: this.packets(event) };
      case 'pages':
        return { walks: this.walks(state, event) };
      default:
        return {};
    }
  }

  private packets(event: number): PacketInspection {
    this.log ??= this.packetLog();
    return { packets: this.log.around(event, SHOWN), summary: this.log.summary };
  }

  private packetLog(): PacketLog {
    const { events, checkpoints } = this.cursor.recording;
    // By the end drivers have set what the bus is to do.
    const last = checkpoints[checkpoints.length - 1];
    return new PacketLog(events, this.machine.busMap(last.state));
  }

  private walks(state: StackState, event: number): WalkInspection {
    const walkable = walkableOf(state);
    const { events } = this.cursor.recording;
    const proposed = proposedWalks(events, event, walkable, (query) => walkOf(state, query));
    return { walkable, proposed };
  }
}
