/**
 * Explores every order in which two threads' accesses can be done, breadth first, so that the first
 * violation found has a shortest interleaving.
 *
 * Two memory models. `sc`: an access takes effect at once. `tso`, as x86 has it (Owens, Sarkar and
 * Sewell, "A Better x86 Memory Model: x86-TSO", 2009): a store waits in its thread's buffer, first
 * in, first out, and becomes visible at any later time; the thread itself loads from its buffer
 * first; a fence waits until it is empty. Waking the other side is a store of a flag like any other.
 *
 * What makes it finite and small, and why nothing is lost:
 * - A state is both threads' local states (see `Thread`), the memory's contents and both buffers:
 *   all that decides what can follow. So a state that was seen before is not explored again.
 * - Under `tso`, putting a store into the own buffer, and a fence with the buffer empty, change
 *   nothing that any other step sees, now or later, and no other step hinders them. So each order is
 *   equivalent to one that does them first, and only that one is explored. No loop of a thread
 *   consists of such steps alone: the buffer would grow.
 */
import type { SharedMemory } from './shared-memory.ts';
import { StateTable } from './state-table.ts';
import type { Thread } from './thread.ts';

export type Model = 'sc' | 'tso';

/** One step of one thread, or its oldest waiting store becoming visible. */
export interface Move {
  readonly thread: number;
  readonly flush: boolean;
}

export interface Violation {
  readonly reason: string;
  readonly moves: readonly Move[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Each way in which both threads ended, as their outcomes. */
  readonly outcomes: ReadonlySet<string>;
  readonly violation: Violation | undefined;
}

/** Columns of a state; those of the second thread come right behind. */
const CONTENT = 0;
const LOCAL = 1;
const BUFFER = 3;
const COLUMNS = 5;

export class Explorer {
  private readonly memory: SharedMemory;
  private readonly threads: readonly [Thread, Thread];
  private readonly model: Model;
  private readonly states = new StateTable(COLUMNS);
  private readonly row = new Int32Array(COLUMNS);
  /** By state: where it was reached from first, and by which move. */
  private readonly parents: number[] = [];
  private readonly moves: number[] = [];
  /** Each transition's state before and after. */
  private readonly from: number[] = [];
  private readonly to: number[] = [];
  private readonly ends: number[] = [];
  private readonly outcomes = new Set<string>();
  private violation: Violation | undefined = undefined;

  constructor(memory: SharedMemory, threads: readonly [Thread, Thread], model: Model) {
    this.memory = memory;
    this.threads = threads;
    this.model = model;
  }

  /** @throws RangeError when there are more than `most` states. */
  explore(most: number): Exploration {
    this.reach(-1, 0);
    for (let state = 0; state < this.states.count && this.violation === undefined; state++) {
      this.expand(state);
      if (this.states.count > most) {
        throw new RangeError(`More than ${most} states: ask for a smaller queue or fewer chains.`);
      }
    }
    if (this.violation === undefined) {
      this.checkProgress();
    }
    return {
      states: this.states.count,
      transitions: this.to.length,
      outcomes: this.outcomes,
      violation: this.violation,
    };
  }

  // ----------------------------------------------------------------------------- transitions

  private expand(state: number): void {
    const first =
      this.model === 'tso' ? [0, 1].find((thread) => this.isPrivate(state, thread)) : undefined;
    if (first !== undefined) {
      this.step(state, first);
      return;
    }
    const before = this.to.length;
    for (const thread of [0, 1]) {
      this.step(state, thread);
      this.flush(state, thread);
    }
    if (this.to.length === before) {
      this.stop(state);
    }
  }

  /** Whether the thread's next step concerns nobody else. */
  private isPrivate(state: number, thread: number): boolean {
    const kind = this.stepOf(state, thread)?.kind;
    return (
      kind === 'store' ||
      (kind === 'fence' && this.memory.isEmpty(this.states.get(state, BUFFER + thread)))
    );
  }

  private stepOf(state: number, thread: number) {
    return this.threads[thread].states[this.states.get(state, LOCAL + thread)].step;
  }

  private step(state: number, thread: number): void {
    const step = this.stepOf(state, thread);
    if (step === undefined) {
      return;
    }
    const row = this.copy(state);
    const content = row[CONTENT];
    const buffer = row[BUFFER + thread];
    let value = 0;
    if (step.kind === 'load') {
      value = this.memory.load(content, buffer, step.address, step.width);
    } else if (step.kind === 'store' && this.model === 'sc') {
      row[CONTENT] = this.memory.store(content, step.address, step.width, step.value);
    } else if (step.kind === 'store') {
      row[BUFFER + thread] = this.memory.push(buffer, step.address, step.width, step.value);
    } else if (step.kind === 'wait') {
      if (this.memory.load(content, 0, step.address, 2) === 0) {
        return;
      }
      row[CONTENT] = this.memory.store(content, step.address, 2, 0);
    } else if (!this.memory.isEmpty(buffer)) {
      return;
    }
    row[LOCAL + thread] = this.threads[thread].after(row[LOCAL + thread], value);
    this.reach(state, thread);
  }

  private flush(state: number, thread: number): void {
    const buffer = this.states.get(state, BUFFER + thread);
    if (!this.memory.isEmpty(buffer)) {
      const row = this.copy(state);
      row[CONTENT] = this.memory.flush(row[CONTENT], buffer);
      row[BUFFER + thread] = this.memory.rest(buffer);
      this.reach(state, thread + 2);
    }
  }

  private copy(state: number): Int32Array {
    for (let column = 0; column < COLUMNS; column++) {
      this.row[column] = this.states.get(state, column);
    }
    return this.row;
  }

  /** Notes that `row` can follow `from`. A move is a thread's number, plus 2 for a flush. */
  private reach(from: number, move: number): void {
    const before = this.states.count;
    const state = this.states.add(this.row);
    if (from >= 0) {
      this.from.push(from);
      this.to.push(state);
    }
    if (state === before) {
      this.parents.push(from);
      this.moves.push(move);
      this.checkFailure(state);
    }
  }

  // ------------------------------------------------------------------------------ violations

  private checkFailure(state: number): void {
    this.threads.forEach((thread, index) => {
      const { failure } = thread.states[this.states.get(state, LOCAL + index)];
      if (failure !== undefined) {
        this.violated(state, `the ${thread.name} finds: ${failure}`);
      }
    });
  }

  /** Nothing can follow: both threads have ended, or sleep for ever. */
  private stop(state: number): void {
    const locals = this.threads.map(
      ({ states }, index) => states[this.states.get(state, LOCAL + index)],
    );
    if (locals.every(({ outcome }) => outcome !== undefined)) {
      this.ends.push(state);
      this.outcomes.add(locals.map(({ outcome }) => outcome).join(' '));
      return;
    }
    const asleep = this.threads.filter((_, index) => locals[index].step !== undefined);
    const who = asleep.map(({ name }) => `the ${name}`).join(' and ');
    this.violated(state, `a wake-up was missed: ${who} would sleep for ever`);
  }

  /** From every state, both threads must still be able to end: they neither sleep nor spin. */
  private checkProgress(): void {
    const ending = reaching(this.states.count, this.from, this.to, this.ends);
    const lost = ending.indexOf(0);
    if (lost >= 0) {
      this.violated(lost, 'no order of accesses ends from here: the threads go round in circles');
    }
  }

  private violated(state: number, reason: string): void {
    if (this.violation === undefined) {
      const moves: Move[] = [];
      for (let at = state; at > 0; at = this.parents[at]!) {
        moves.unshift({ thread: this.moves[at] & 1, flush: this.moves[at] > 1 });
      }
      this.violation = { reason, moves };
    }
  }
}

/** 1 for each state from which one of `ends` can be reached. */
function reaching(
  count: number,
  from: readonly number[],
  to: readonly number[],
  ends: readonly number[],
): Uint8Array {
  // Transitions by the state after them, as linked lists.
  const heads = new Int32Array(count).fill(-1);
  const links = Int32Array.from(to, (state, transition) => {
    const link = heads[state];
    heads[state] = transition;
    return link;
  });
  const reached = new Uint8Array(count);
  const todo = [...ends];
  todo.forEach((state) => (reached[state] = 1));
  for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
    for (let at = heads[state]; at >= 0; at = links[at]!) {
      const before = from[at];
      if (reached[before] === 0) {
        reached[before] = 1;
        todo.push(before);
      }
    }
  }
  return reached;
}
