/** Runs a scene through a stack and records it. */
import { Recorder, Tracer } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { Aborted, type RunRequest } from '../frames.ts';
import { InputError } from '../input-error.ts';
import { runStack } from '../run.ts';
import type { StackReport } from '../report.ts';
import { followSource, ignoreSource } from '../source/hook.ts';
import type { SourceLog } from '../source/source-log.ts';
import { saveStack, type Stack } from '../stacks/stack.ts';
import type { Checkpoint, Recording } from './recording.ts';
import { recordedRequest } from './request.ts';

/** From one checkpoint to the next: so many events at the most, or frames, which take time to draw again. */
const EVENTS_PER_CHECKPOINT = 20_000;
const FRAMES_PER_CHECKPOINT = 3;

interface RecordOptions {
  readonly eventsPerCheckpoint?: number;
}

/**
 * @throws Aborted, InputError. An error of the drivers ends the recording, which says so; what was
 * recorded until then is there.
 */
export async function record(
  request: RunRequest,
  environment: Environment,
  { eventsPerCheckpoint = EVENTS_PER_CHECKPOINT }: RecordOptions = {},
): Promise<Recording> {
  let watch: Watch | undefined;
  let report: StackReport | undefined;
  let error: Error | undefined;
  try {
    const run = await runStack(
      {
        ...request,
        onStack: (stack) => {
          watch = watchStack(stack, eventsPerCheckpoint);
          request.onStack?.(stack);
        },
        onShown: (frame, monitor, guest) => {
          watch?.shown();
          return request.onShown?.(frame, monitor, guest);
        },
      },
      environment,
    );
    ({ report } = run);
  } catch (thrown) {
    const isRuns = !(thrown instanceof Aborted || thrown instanceof InputError);
    if (watch === undefined || !isRuns || !(thrown instanceof Error)) {
      throw thrown;
    }
    error = thrown;
  } finally {
    ignoreSource();
  }
  return {
    request: recordedRequest(request),
    events: watch?.events ?? new Tracer(() => 0),
    source: watch?.source,
    crossings: watch?.crossings,
    checkpoints: watch?.checkpoints ?? [],
    report,
    error: error && `${error.name}: ${error.message}`,
  };
}

interface Watch {
  readonly events: Tracer;
  readonly source: SourceLog | undefined;
  readonly crossings: Recorder | undefined;
  readonly checkpoints: readonly Checkpoint[];
  /** A frame was shown. */
  readonly shown: () => void;
}

function watchStack(stack: Stack, eventsPerCheckpoint: number): Watch {
  const { tracer: events } = stack.host.machine;
  events.recording = true;
  const source = followSource(events, stack.guests[0].computer.trace);
  if (!canReplay(stack)) {
    return { events, source, crossings: undefined, checkpoints: [], shown: () => undefined };
  }
  const crossings = new Recorder();
  const checkpoints: Checkpoint[] = [{ event: events.count, crossing: 0, state: saveStack(stack) }];
  let next = eventsPerCheckpoint;
  let frames = 0;
  crossings.onCrossing = () => {
    if (events.count >= next || frames >= FRAMES_PER_CHECKPOINT) {
      frames = 0;
      next = events.count + eventsPerCheckpoint;
      checkpoints.push({
        event: events.count,
        crossing: crossings.length,
        state: saveStack(stack),
      });
    }
  };
  stack.host.machine.recorder = crossings;
  const shown = (): void => {
    frames++;
  };
  return { events, source, crossings, checkpoints, shown };
}

/** Whether all that changes the machine crosses ports. */
function canReplay({ guests }: Stack): boolean {
  return guests.every(({ service }) => service === undefined);
}
