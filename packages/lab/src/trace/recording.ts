/**
 * What was recorded: of a run its events, and what it takes to have any state of it again; of a real
 * peer its events. Plain data but for the recorders, so that it can lie in a file.
 */
import type { EventId } from '@doorbell/abi';
import type { Profile, Recorder, Tracer } from '@doorbell/hypervisor';
import type { OwnParts } from '../own-parts.ts';
import type { Explanation } from '../explain/explanation.ts';
import type { StackReport } from '../report.ts';
import type { SceneContext } from '../scene.ts';
import type { SourceLog } from '../source/source-log.ts';
import type { StackState } from '../stacks/stack.ts';
import type { PlacedBar } from '../step/named-registers.ts';

/** What one guest's application draws: a scene by its name. */
export interface RecordedDrawing extends SceneContext {
  readonly scene: string;
}

export interface RecordedGuest extends RecordedDrawing {
  readonly name: string;
  readonly weight: number;
  readonly cap: number;
  readonly diesAfterNs?: number;
}

/** All that it takes to run it again: the machine is deterministic. */
export interface RecordedRequest extends RecordedDrawing {
  /** With its options: `pv:ring=packed`. */
  readonly stack: string;
  readonly profile: Profile;
  /** What is wrong with it on purpose, by its id. */
  readonly bug?: string;
  /** Absent: one guest, which draws the request's own scene. */
  readonly guests?: readonly RecordedGuest[];
}

/** A state between two crossings. */
export interface Checkpoint {
  /** Events that had been recorded. */
  readonly event: EventId;
  /** Crossings that had been recorded. */
  readonly crossing: number;
  readonly state: StackState;
}

/** What every recording has. */
interface Recorded {
  readonly events: Tracer;
  /** The lines that the events name, and locals; undefined where no driver is instrumented. */
  readonly source: SourceLog | undefined;
  /** Why it came to no end. */
  readonly error: string | undefined;
}

/** Of a run on a machine of ours, which can be had again. */
export interface RunRecording extends Recorded {
  readonly request: RecordedRequest;
  /** What somebody else wrote of the machine. No file holds it: who replays has to have it. */
  readonly own?: OwnParts | undefined;
  /** What was done to the machine. */
  readonly crossings: Recorder;
  /** In the order of time; the first is the machine before the run. */
  readonly checkpoints: readonly Checkpoint[];
  /** Undefined when the run came to no end. */
  readonly report: StackReport | undefined;
  /** Why it was stuck, if it was. */
  readonly explanation: Explanation;
  readonly peer?: undefined;
}

/** Somebody else's half, and where its guest had our device. */
export interface RecordedPeer {
  /** As `doorbell peers list` has it. */
  readonly name: string;
  /** `Linux 6.1.0`; '' where there is none. */
  readonly system: string;
  readonly bars: readonly PlacedBar[];
  /** False: events after the last one were left out, as there were too many. */
  readonly isWhole: boolean;
}

/** A split queue at a kick: what has changed in its memory since the kick before. */
export interface RecordedRing {
  /** The kick. */
  readonly event: EventId;
  readonly queue: number;
  /** Entries, and the guest's addresses of its parts. */
  readonly size: number;
  readonly descriptors: number;
  readonly driver: number;
  readonly device: number;
  /** Of its three parts, one behind the other, from an offset on. All was 0 when it was set up. */
  readonly changes: readonly { readonly at: number; readonly bytes: Uint8Array }[];
}

/**
 * Of a real peer that drove a device of ours: events, and no states but of its rings. Times are the wall's, in
 * nanoseconds from the first event; a request is one command.
 */
export interface PeerRecording extends Recorded {
  readonly peer: RecordedPeer;
  /** What an event is about, where its arguments do not say it. */
  readonly words: ReadonlyMap<EventId, string>;
  /** In the order of time. */
  readonly rings: readonly RecordedRing[];
}

export type Recording = RunRecording | PeerRecording;

type Named =
  | { readonly peer?: undefined; readonly request: Pick<RecordedRequest, 'stack'> }
  | Pick<PeerRecording, 'peer'>;

/** The stack with its options, or the peer. */
export function recordingName(recording: Named): string {
  return recording.peer === undefined ? recording.request.stack : recording.peer.name;
}

export function wordsOf(recording: Recording, event: EventId): string | undefined {
  return recording.peer === undefined ? undefined : recording.words.get(event);
}
