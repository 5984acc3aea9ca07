/** Gives the state of a recorded machine at any event, as it was when the event happened. */
import type { EventId } from '@doorbell/abi';
import type { Environment } from '../environment.ts';
import type { StackState } from '../stacks/stack.ts';
import type { Recording } from '../trace/recording.ts';
import { ReplayPlayer } from './replay-player.ts';
import { RerunPlayer } from './rerun-player.ts';

export interface Player {
  /** @param event  0: before the first. @throws ReplayDivergence; RangeError when there is no such event. */
  state(event: EventId): Promise<StackState>;
}

/** States that are kept, the latest ones. */
const KEPT = 16;

export function playerOf(recording: Recording, environment: Environment): Player {
  const { crossings, events } = recording;
  const make = (): RerunPlayer | ReplayPlayer =>
    crossings === undefined
      ? new RerunPlayer(recording, environment)
      : new ReplayPlayer(recording, crossings, environment.wallMs);
  let player: ReturnType<typeof make> | undefined;
  const kept = new Map<EventId, StackState>();
  return {
    state: async (event) => {
      if (event < 0 || event > events.count) {
        throw new RangeError(`There is no event ${event}: the recording has 1 to ${events.count}.`);
      }
      player ??= make();
      const state = kept.get(event) ?? (await player.state(event));
      kept.delete(event);
      kept.set(event, state);
      if (kept.size > KEPT) {
        kept.delete(kept.keys().next().value ?? event);
      }
      return state;
    },
  };
}
