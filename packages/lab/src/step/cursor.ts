/** Where one stands in a recording: an event, and how to come to the next one that matters. */
import type { EventId } from '@doorbell/abi';
import type { TraceEvent } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import type { SourceLine } from '../source/source-log.ts';
import { guestOfRequest } from '../meter.ts';
import type { StackState } from '../stacks/stack.ts';
import { recordingName, wordsOf, type Recording } from '../trace/recording.ts';
import { waitParts, type WaitParts } from '../trace/wait-parts.ts';
import { argumentsText, eventText } from './event-text.ts';
import { seekEvent, type Direction } from './granularity.ts';
import { NamedRegisters, placedBars } from './named-registers.ts';
import { playerOf, type Player } from './player.ts';

/** In events: who steps is to see where the driver was, not to wait for it. */
const LONG_AGO = 10_000;

export class Cursor {
  readonly recording: Recording;
  readonly registers: NamedRegisters;
  /** The event that happened last; 0: none did. */
  at: EventId = 0;
  /** Undefined of a real peer, of which there is no state. */
  private readonly player: Player | undefined;
  private waitsFound: ReadonlyMap<EventId, WaitParts> | undefined;

  constructor(recording: Recording, environment: Environment) {
    this.recording = recording;
    const isOfPeer = recording.peer !== undefined;
    this.registers = new NamedRegisters(
      isOfPeer ? recording.peer.bars : placedBars(recording.checkpoints[0].state),
    );
    this.player = isOfPeer ? undefined : playerOf(recording, environment);
  }

  get name(): string {
    return recordingName(this.recording);
  }

  /** Undefined before the first. */
  get event(): TraceEvent | undefined {
    return this.at === 0 ? undefined : this.recording.events.at(this.at);
  }

  /** The driver's line that ran then; undefined where none was recorded. */
  placeOf(event: TraceEvent | undefined): SourceLine | undefined {
    const { line = 0 } = event ?? {};
    return line === 0 ? undefined : this.recording.source?.lines[line];
  }

  /** The driver's line that ran last, here or before; undefined: none did, or none for long. */
  lastPlace(): SourceLine | undefined {
    const { events } = this.recording;
    const first = Math.max(1, this.at - LONG_AGO);
    for (let id = this.at; id >= first; id--) {
      const place = this.placeOf(events.at(id));
      if (place !== undefined) {
        return place;
      }
    }
    return undefined;
  }

  /** The same as `file:line`; '' where none was recorded. */
  lineOf(event: TraceEvent): string {
    const found = this.placeOf(event);
    return found === undefined ? '' : `${found.file}:${found.line}`;
  }

  /** What the driver had in scope on that line; '' where none was recorded. */
  get locals(): string {
    return this.recording.source?.locals.get(this.at) ?? '';
  }

  /** What each wait was for, by its first and its last event. */
  get waits(): ReadonlyMap<EventId, WaitParts> {
    return (this.waitsFound ??= waitParts(this.recording));
  }

  /** The machine as it was when that event happened; undefined of a real one. */
  state(): Promise<StackState | undefined> {
    return this.stateAt(this.at);
  }

  /** `#5063  72.3 µs  mmioWrite  doorbell0.TAIL = 0x40`. */
  text(event: TraceEvent): string {
    return eventText(event, this.registers, this.argumentsText(event));
  }

  argumentsText(event: TraceEvent): string {
    return wordsOf(this.recording, event.id) ?? argumentsText(event, this.registers);
  }

  /** The machine as it was after another event. @throws RangeError when there is no such event. */
  async stateAt(event: EventId): Promise<StackState | undefined> {
    return await this.player?.state(event);
  }

  /** Goes to the next event that is wanted; false: there is none, and it stays. */
  seek(direction: Direction, wanted: (event: TraceEvent) => boolean, guest?: number): boolean {
    const found = seekEvent(
      this.recording.events,
      this.at,
      direction,
      (event) => (guest === undefined || guestOfRequest(event.request) === guest) && wanted(event),
    );
    this.at = found?.id ?? this.at;
    return found !== undefined;
  }

  /** Causes, from the event back to its first. */
  causes(): readonly TraceEvent[] {
    const { events } = this.recording;
    const chain: TraceEvent[] = [];
    for (let id = this.at; id !== 0; id = events.at(id).cause) {
      chain.push(events.at(id));
    }
    return chain;
  }
}
