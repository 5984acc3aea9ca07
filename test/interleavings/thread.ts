/**
 * A thread as an automaton that is learned while it is explored. A generator cannot be copied, so a
 * local state is known by how to reach it: the values that the thread's loads gave.
 *
 * Why local states may be merged: a thread has no input but its loads (the instrumented sources
 * import nothing that varies, and what they do to shared memory is all yielded). So two histories
 * with the same loaded values end in the same local state, and so do two that came through the same
 * checkpoint, which names the whole private state, with the same values loaded since.
 */
import { RingError } from '@doorbell/abi';
import { Violation, type Checkpoint, type Program, type Step } from './step.ts';

interface LocalState {
  /** What the thread does next; undefined when it has ended. */
  readonly step: Step | undefined;
  readonly outcome: string | undefined;
  readonly failure: string | undefined;
  /** By what was loaded; 0 for a step that loads nothing. */
  readonly next: Map<number, number>;
  /** One way here: the state before, and what was loaded there. */
  readonly parent: number;
  readonly value: number;
  /** The generator in this very state, until it is taken further. */
  live: Program | undefined;
}

export class Thread {
  readonly name: string;
  readonly states: LocalState[] = [];
  private readonly start: () => Program;
  private readonly byCheckpoint = new Map<string, number>();

  /** @param start  makes the thread's generator anew, always in the same state. */
  constructor(name: string, start: () => Program) {
    this.name = name;
    this.start = start;
    this.enter(start(), -1, 0);
  }

  /** The local state after the step of `state` gave `value`. */
  after(state: number, value: number): number {
    const from = this.states[state];
    const known = from.next.get(value);
    if (known !== undefined) {
      return known;
    }
    const program = from.live ?? this.replay(state);
    from.live = undefined;
    const to = this.enter(program, state, value);
    from.next.set(value, to);
    return to;
  }

  /** Takes a generator to its next step, and gives the state that it is then in. */
  private enter(program: Program, parent: number, value: number): number {
    let checkpoint: string | undefined;
    let result: IteratorResult<Step | Checkpoint, string>;
    try {
      result = program.next(value);
      while (!result.done && result.value.kind === 'checkpoint') {
        checkpoint = result.value.state;
        result = program.next(0);
      }
    } catch (error) {
      return this.add({ parent, value, failure: reason(error) });
    }
    if (result.done) {
      return this.add({ parent, value, outcome: result.value });
    }
    const merged = checkpoint === undefined ? undefined : this.byCheckpoint.get(checkpoint);
    if (merged !== undefined) {
      return merged;
    }
    const id = this.add({ parent, value, step: result.value as Step, live: program });
    if (checkpoint !== undefined) {
      this.byCheckpoint.set(checkpoint, id);
    }
    return id;
  }

  private add(state: Partial<LocalState> & Pick<LocalState, 'parent' | 'value'>): number {
    const blank = { step: undefined, outcome: undefined, failure: undefined, live: undefined };
    return this.states.push({ ...blank, next: new Map(), ...state }) - 1;
  }

  /** A new generator, taken to `state` by the values that led there first. */
  private replay(state: number): Program {
    const values: number[] = [];
    for (let at = state; at > 0; at = this.states[at].parent) {
      values.push(this.states[at].value);
    }
    const program = this.start();
    toStep(program, 0);
    while (values.length > 0) {
      toStep(program, values.pop()!);
    }
    return program;
  }
}

function toStep(program: Program, value: number): void {
  let result = program.next(value);
  while (!result.done && result.value.kind === 'checkpoint') {
    result = program.next(0);
  }
}

/** What a program threw against the other half; anything else is a mistake of ours. */
function reason(error: unknown): string {
  if (error instanceof Violation) {
    return error.message;
  }
  if (error instanceof RingError) {
    return `RingError: ${error.message}`;
  }
  throw error;
}
