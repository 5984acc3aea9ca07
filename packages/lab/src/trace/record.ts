/** Runs a scene through a stack and records it. */
import { Recorder, type Tracer } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { nothingSaid, type Explanation } from '../explain/explanation.ts';
import { Witness } from '../explain/witness.ts';
import { Aborted, type RunRequest } from '../frames.ts';
import { InputError } from '../input-error.ts';
import { runStack } from '../run.ts';
import type { StackReport } from '../report.ts';
import { followSource, ignoreSource } from '../source/hook.ts';
import type { SourceLog } from '../source/source-log.ts';
import { saveStack, type Stack } from '../stacks/stack.ts';
import type { Checkpoint, RunRecording } from './recording.ts';
import { recordedRequest } from './request.ts';

/** Events from one checkpoint to the next, at the least. */
const EVENTS_PER_CHECKPOINT = 20_000;

/** The same, of what the engines draw: which takes most of a replay's time. */
const PIXELS_PER_CHECKPOINT = 2_000_000;
/** What a triangle takes beside its pixels is as much as these take. */
const TRIANGLE_PIXELS = 32;

interface RecordOptions {
  readonly eventsPerCheckpoint?: number;
  /** Whether drivers that are instrumented say which lines of theirs run; they do. */
  readonly source?: boolean;
}

/**
 * @throws Aborted, InputError. An error of the drivers ends the recording, which says so; what was
 * recorded until then is there.
 */
export async function record(
  request: RunRequest,
  environment: Environment,
  { eventsPerCheckpoint = EVENTS_PER_CHECKPOINT, source: hasSource = true }: RecordOptions = {},
): Promise<RunRecording> {
  let watch: Watch | undefined;
  let explanation: Explanation | undefined;
  let report: StackReport | undefined;
  let error: Error | undefined;
  try {
    const run = await runStack(
      {
        ...request,
        onStack: (stack) => {
          watch = watchStack(stack, eventsPerCheckpoint, hasSource);
          request.onStack?.(stack);
        },
      },
      environment,
    );
    ({ report } = run);
    explanation = watch?.witness.explain(run.errors.at(0));
  } catch (thrown) {
    const isRuns = !(thrown instanceof Aborted || thrown instanceof InputError);
    if (watch === undefined || !isRuns || !(thrown instanceof Error)) {
      throw thrown;
    }
    error = thrown;
    explanation = watch.witness.explain(thrown);
  } finally {
    if (watch !== undefined) {
      ignoreSource(watch.events);
    }
  }
  if (watch === undefined) {
    throw new InputError(
      `The backend of '${request.spec.id}' was elsewhere, in no virtual time, and could not be recorded.`,
    );
  }
  const { events, source, crossings, checkpoints } = watch;
  return {
    ...{ request: recordedRequest(request), own: request.own },
    ...{ events, source, crossings, checkpoints },
    report,
    error: error && `${error.name}: ${error.message}`,
    explanation: explanation ?? nothingSaid,
  };
}

interface Watch {
  readonly witness: Witness;
  readonly events: Tracer;
  readonly source: SourceLog | undefined;
  readonly crossings: Recorder;
  readonly checkpoints: readonly Checkpoint[];
}

function watchStack(stack: Stack, eventsPerCheckpoint: number, hasSource: boolean): Watch {
  const witness = new Witness(stack);
  const { tracer: events } = stack.host.machine;
  const source = hasSource ? followSource(events, stack.guests[0].computer.trace) : undefined;
  const crossings = new Recorder();
  const checkpoints: Checkpoint[] = [{ event: events.count, crossing: 0, state: saveStack(stack) }];
  let next = eventsPerCheckpoint;
  let nextPixels = PIXELS_PER_CHECKPOINT;
  crossings.onCrossing = () => {
    const pixels = pixelsDrawn(stack);
    if (events.count >= next || pixels >= nextPixels) {
      next = events.count + eventsPerCheckpoint;
      nextPixels = pixels + PIXELS_PER_CHECKPOINT;
      checkpoints.push({
        event: events.count,
        crossing: crossings.length,
        state: saveStack(stack),
      });
    }
  };
  stack.host.machine.recorder = crossings;
  return { witness, events, source, crossings, checkpoints };
}

function pixelsDrawn({ bells }: Stack): number {
  return bells.reduce(
    (sum, { counts: { pixels, pixelsBlitted, triangles } }) =>
      sum + pixels + pixelsBlitted + TRIANGLE_PIXELS * triangles,
    0,
  );
}
