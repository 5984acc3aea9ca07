import { describe, expect, it } from 'vitest';
import {
  type ChannelEvent,
  type ChannelState,
  IllegalTransition,
  isStopped,
  transition,
} from '../../src/bell/channel-state.ts';

const events: ChannelEvent[] = ['work', 'start', 'yield', 'drain', 'fault', 'hang', 'reset'];

function row(state: ChannelState): (ChannelState | '-')[] {
  return events.map((event) => {
    try {
      return transition(state, event);
    } catch (error) {
      expect(error).toBeInstanceOf(IllegalTransition);
      return '-';
    }
  });
}

describe('a channel', () => {
  it('moves between its states along the arrows of this table alone', () => {
    const idle = 'IDLE',
      ready = 'RUNNABLE',
      runs = 'RUNNING',
      faulted = 'FAULTED',
      hung = 'HUNG';
    // work, start, yield, drain, fault, hang, reset
    expect(row('IDLE')).toEqual([ready, '-', '-', '-', faulted, '-', idle]);
    expect(row('RUNNABLE')).toEqual([ready, runs, '-', idle, faulted, hung, idle]);
    expect(row('RUNNING')).toEqual([runs, '-', ready, idle, faulted, hung, idle]);
    expect(row('FAULTED')).toEqual(['-', '-', '-', '-', '-', '-', idle]);
    expect(row('HUNG')).toEqual(['-', '-', '-', '-', '-', '-', idle]);
  });

  it('names state and event of a move that is not allowed', () => {
    expect(() => transition('HUNG', 'start')).toThrow(
      "A channel that is HUNG cannot take 'start'.",
    );
  });

  it('is stopped when it faulted or hung', () => {
    expect((['IDLE', 'RUNNABLE', 'RUNNING', 'FAULTED', 'HUNG'] as const).map(isStopped)).toEqual([
      ...[false, false, false, true, true],
    ]);
  });
});
