/** Gives the state of a recorded machine at any event, as it was when the event happened. */
import type { EventId } from '@doorbell/abi';
import type { Environment } from '../environment.ts';
import { InputError } from '../input-error.ts';
import type { StackState } from '../stacks/stack.ts';
import type { RunRecording } from '../trace/recording.ts';
import { ReplayPlayer } from './replay-player.ts';

export interface Player {
  /**
   * @param event  0: before the first.
   * @throws RangeError when there is no such event; InputError when the machine does not do again what
   * was recorded of it: it was another version's, or somebody has changed the file.
   */
  state(event: EventId): Promise<StackState>;
}

/** States that are kept, the latest ones. */
const KEPT = 16;

export function playerOf(recording: RunRecording, environment: Environment): Player {
  const { events } = recording;
  const made = (): ReplayPlayer => new ReplayPlayer(recording, environment.wallMs);
  // It takes longer than a jump may: who opens a recording waits anyway.
  let player = unlessItFails(made);
  const kept = new Map<EventId, StackState>();
  const replayed = (event: EventId): StackState => {
    try {
      player ??= made();
      return player.state(event);
    } catch (error) {
      player = undefined;
      throw error instanceof Error ? unplayable(recording, event, error) : error;
    }
  };
  const stateAt = (event: EventId): StackState => {
    if (event < 0 || event > events.count) {
      throw new RangeError(`There is no event ${event}: the recording has 1 to ${events.count}.`);
    }
    const state = kept.get(event) ?? replayed(event);
    kept.delete(event);
    kept.set(event, state);
    if (kept.size > KEPT) {
      kept.delete(kept.keys().next().value ?? event);
    }
    return state;
  };
  return {
    state: (event) =>
      new Promise((resolve) => {
        resolve(stateAt(event));
      }),
  };
}

/** Undefined when it fails: the first state that is asked for says why. */
function unlessItFails<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

function unplayable({ request }: RunRecording, event: EventId, { message }: Error): InputError {
  return new InputError(
    `Event ${event} of '${request.stack}' cannot be had again from this recording: record it anew. (${message})`,
  );
}
