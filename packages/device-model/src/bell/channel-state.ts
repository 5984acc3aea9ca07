/** A channel's states (STATUS.STATE) and how they follow one another. */
import { channelStates } from '@doorbell/abi';

export type ChannelState = keyof typeof channelStates;

/**
 * - `work`: a doorbell found packets to run.
 * - `start`: the scheduler begins a packet.
 * - `yield`: the packet is done, or waits, and there is more.
 * - `drain`: the last packet is done.
 * - `fault`, `hang`: the channel is stopped.
 * - `reset`: by software.
 */
export type ChannelEvent = 'work' | 'start' | 'yield' | 'drain' | 'fault' | 'hang' | 'reset';

/** A mistake of the device model, which no guest can cause. */
export class IllegalTransition extends Error {
  override readonly name = 'IllegalTransition';

  constructor(state: ChannelState, event: ChannelEvent) {
    super(`A channel that is ${state} cannot take '${event}'.`);
  }
}

type Row = Partial<Record<ChannelEvent, ChannelState>>;

const transitions: Readonly<Record<ChannelState, Row>> = {
  IDLE: { work: 'RUNNABLE', fault: 'FAULTED', reset: 'IDLE' },
  RUNNABLE: {
    work: 'RUNNABLE',
    start: 'RUNNING',
    // A WAIT ends while the channel is not running.
    drain: 'IDLE',
    fault: 'FAULTED',
    hang: 'HUNG',
    reset: 'IDLE',
  },
  RUNNING: {
    work: 'RUNNING',
    yield: 'RUNNABLE',
    drain: 'IDLE',
    fault: 'FAULTED',
    hang: 'HUNG',
    reset: 'IDLE',
  },
  FAULTED: { reset: 'IDLE' },
  HUNG: { reset: 'IDLE' },
};

/** @throws IllegalTransition */
export function transition(state: ChannelState, event: ChannelEvent): ChannelState {
  const next = transitions[state][event];
  if (next === undefined) {
    throw new IllegalTransition(state, event);
  }
  return next;
}

export function isStopped(state: ChannelState): boolean {
  return state === 'FAULTED' || state === 'HUNG';
}
