/** What panes show of one recorded run, at an event of it; and of a real peer's recording. */
import {
  AssembledMachine,
  configSpacesOf,
  countersOf,
  enginesOf,
  engineTimelines,
  iotlbEntries,
  ownershipOf,
  PacketLog,
  peerQueues,
  queuesOf,
  registersOf,
  ringsOf,
  scanoutOf,
  schedulersOf,
  vramRows,
  vramsOf,
  walkableOf,
  walkOf,
  type Cursor,
  type DumpRow,
  type EngineTimeline,
  type PageWalk,
  type PeerRecording,
  type Picture,
  type RunRecording,
  type StackState,
  type VramQuery,
  type WalkQuery,
} from '@doorbell/lab';
import {
  PACKETS_SHOWN,
  type Inspection,
  type LoggedTlp,
  type PacketInspection,
  type PaneName,
  type WalkInspection,
} from './contract.ts';
import { proposedWalks } from './proposed-walks.ts';

export interface Inspector {
  /** @param event  undefined: where the side stands. */
  inspect(pane: PaneName, event?: number): Promise<Inspection>;
  /** Undefined: there is no such function or channel. */
  walkPages(query: WalkQuery): Promise<PageWalk | undefined>;
  /** Undefined: there is no such GPU, or the address lies beyond the end of its VRAM. */
  vram(query: VramQuery): Promise<readonly DumpRow[] | undefined>;
  /** Over the whole run; in the order of a state's schedulers. */
  engineTimelines(): Promise<readonly EngineTimeline[]>;
  /** From a packet's number on, as many as are shown at once. */
  packetsFrom(first: number): readonly LoggedTlp[];
  scanout(): Promise<Picture | undefined>;
}

export function inspectorOf(cursor: Cursor): Inspector {
  const { recording } = cursor;
  return recording.peer === undefined
    ? new SideInspector(cursor, recording)
    : new PeerInspector(cursor, recording);
}

/** A real machine's state was not recorded, but for its virtqueues. */
class PeerInspector implements Inspector {
  private readonly cursor: Cursor;
  private readonly recording: PeerRecording;

  constructor(cursor: Cursor, recording: PeerRecording) {
    this.cursor = cursor;
    this.recording = recording;
  }

  async inspect(pane: PaneName, event: number = this.cursor.at): Promise<Inspection> {
    const queues = peerQueues(this.recording, event);
    return {
      ...{ event, registers: [], engines: [], counters: [] },
      ...(pane === 'rings' ? { rings: [], queues } : {}),
    };
  }

  async walkPages(): Promise<undefined> {
    return undefined;
  }

  async vram(): Promise<undefined> {
    return undefined;
  }

  async engineTimelines(): Promise<readonly EngineTimeline[]> {
    return [];
  }

  packetsFrom(): readonly LoggedTlp[] {
    return [];
  }

  async scanout(): Promise<undefined> {
    return undefined;
  }
}

class SideInspector implements Inspector {
  private readonly cursor: Cursor;
  private readonly recording: RunRecording;
  private readonly machine: AssembledMachine;
  private log: PacketLog | undefined;
  private timelines: readonly EngineTimeline[] | undefined;

  constructor(cursor: Cursor, recording: RunRecording) {
    this.cursor = cursor;
    this.recording = recording;
    this.machine = new AssembledMachine(recording);
  }

  async inspect(pane: PaneName, event: number = this.cursor.at): Promise<Inspection> {
    const state = await this.state(event);
    return {
      ...{ event, registers: registersOf(state), engines: enginesOf(state) },
      counters: [...countersOf(state)],
      ...this.own(pane, state, event),
    };
  }

  async walkPages(query: WalkQuery): Promise<PageWalk | undefined> {
    return walkOf(await this.state(this.cursor.at), query);
  }

  async vram(query: VramQuery): Promise<readonly DumpRow[] | undefined> {
    return vramRows(await this.state(this.cursor.at), query);
  }

  async engineTimelines(): Promise<readonly EngineTimeline[]> {
    const { events } = this.recording;
    return (this.timelines ??= engineTimelines(events, await this.state(events.count)));
  }

  async scanout(): Promise<Picture | undefined> {
    return scanoutOf(await this.state(this.cursor.at));
  }

  private async state(event: number): Promise<StackState> {
    const state = await this.cursor.stateAt(event);
    if (state === undefined) {
      throw new RangeError('A run of ours has a state at every event.');
    }
    return state;
  }

  private own(pane: PaneName, state: StackState, event: number): Partial<Inspection> {
    switch (pane) {
      case 'rings': {
        const isPacked = this.cursor.name.includes('ring=packed');
        return { rings: ringsOf(state), queues: queuesOf(state, isPacked) };
      }
      case 'iotlb':
        return { iotlb: iotlbEntries(state) };
      case 'vram':
        return { vram: vramsOf(state).map(({ guest, bdf, bytes }) => ({ guest, bdf, bytes })) };
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

  packetsFrom(first: number): readonly LoggedTlp[] {
    return this.packetLog().from(first, PACKETS_SHOWN);
  }

  private packets(event: number): PacketInspection {
    const log = this.packetLog();
    return { packets: log.around(event, PACKETS_SHOWN), summary: log.summary };
  }

  private packetLog(): PacketLog {
    const { events, checkpoints } = this.recording;
    // By the end drivers have set what the bus is to do.
    const last = checkpoints[checkpoints.length - 1];
    return (this.log ??= new PacketLog(events, this.machine.busMap(last.state)));
  }

  private walks(state: StackState, event: number): WalkInspection {
    const walkable = walkableOf(state);
    const { events } = this.recording;
    const proposed = proposedWalks(events, event, walkable, (query) => walkOf(state, query));
    return { walkable, proposed };
  }
}
