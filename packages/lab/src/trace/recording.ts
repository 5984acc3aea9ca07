/**
 * What was recorded of a run: its events, and what it takes to have any state of it again. Plain
 * data but for the two recorders, so that it can lie in a file.
 */
import type { EventId } from '@doorbell/abi';
import type { Profile, Recorder, Tracer } from '@doorbell/hypervisor';
import type { Explanation } from '../explain/explanation.ts';
import type { StackReport } from '../report.ts';
import type { SceneContext } from '../scene.ts';
import type { SourceLog } from '../source/source-log.ts';
import type { StackState } from '../stacks/stack.ts';

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

export interface Recording {
  readonly request: RecordedRequest;
  readonly events: Tracer;
  /** The lines that the events name, and locals; undefined where no driver is instrumented. */
  readonly source: SourceLog | undefined;
  /** What was done to the machine. */
  readonly crossings: Recorder;
  /** In the order of time; the first is the machine before the run. */
  readonly checkpoints: readonly Checkpoint[];
  /** Undefined when the run came to no end. */
  readonly report: StackReport | undefined;
  /** Why it came to none. */
  readonly error: string | undefined;
  /** Why it was stuck, if it was. */
  readonly explanation: Explanation;
}
