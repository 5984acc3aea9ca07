/**
 * Gives the state of a recorded machine at any event, where nothing was recorded that could be
 * replayed: the run is repeated, drivers and all, up to the event, and abandoned.
 */
import type { EventId } from '@doorbell/abi';
import { Halted } from '@doorbell/hypervisor';
import type { Environment } from '../environment.ts';
import { runStack } from '../run.ts';
import { saveStack, type Stack, type StackState } from '../stacks/stack.ts';
import { runRequest } from '../trace/request.ts';
import type { Recording } from '../trace/recording.ts';

/** States that are kept on both sides of the one that is asked for: the next step takes no run. */
const NEIGHBOURS = 12;

export class RerunPlayer {
  private readonly recording: Recording;
  private readonly environment: Environment;
  private states = new Map<EventId, StackState>();

  constructor(recording: Recording, environment: Environment) {
    this.recording = recording;
    this.environment = environment;
  }

  /** @param event  0: before the first. @throws RangeError when it does not happen again. */
  async state(event: EventId): Promise<StackState> {
    const found = this.states.get(event) ?? (await this.run(event)).get(event);
    if (found === undefined) {
      throw new RangeError(`There is no event ${event}.`);
    }
    return found;
  }

  private async run(event: EventId): Promise<ReadonlyMap<EventId, StackState>> {
    const states = new Map<EventId, StackState>();
    const last = Math.min(event + NEIGHBOURS, this.recording.events.count);
    const keep = (stack: Stack, id: EventId): void => {
      if (id >= event - NEIGHBOURS && id <= last) {
        states.set(id, saveStack(stack));
      }
      if (id === last) {
        stack.host.machine.tasks.halt();
      }
    };
    const onStack = (stack: Stack): void => {
      const { tracer } = stack.host.machine;
      tracer.recording = true;
      tracer.onEvent = (id) => {
        keep(stack, id);
      };
      keep(stack, 0);
    };
    try {
      await runStack({ ...runRequest(this.recording.request), onStack }, this.environment);
    } catch (error) {
      if (!(error instanceof Halted) && !states.has(event)) {
        throw error;
      }
    }
    this.states = states;
    return states;
  }
}
