/** Makes an interleaving easier to read: stores become visible as early as they may. */
import type { Model, Move } from './explorer.ts';
import { history } from './history.ts';
import type { SharedMemory } from './shared-memory.ts';
import type { Step } from './step.ts';
import type { Thread } from './thread.ts';

interface Done {
  readonly move: Move;
  /** What is done, or of a flush, what becomes visible. */
  readonly step: Step;
}

/**
 * Moves each flush before what it does not concern, so that the stores which are still seen to be
 * late are those whose lateness matters. Every load gives what it gave before.
 */
export function flushEarly(
  memory: SharedMemory,
  threads: readonly [Thread, Thread],
  model: Model,
  moves: readonly Move[],
): readonly Move[] {
  const done = withSteps(threads, moves, loads(memory, threads, model, moves));
  for (let i = 0; i < done.length; i++) {
    for (let at = i; at > 0 && done[at].move.flush && mayPass(done[at], done[at - 1]); at--) {
      [done[at - 1], done[at]] = [done[at], done[at - 1]];
    }
  }
  return done.map(({ move }) => move);
}

/** Of each move that is a load, what it gave. */
function loads(
  memory: SharedMemory,
  threads: readonly [Thread, Thread],
  model: Model,
  moves: readonly Move[],
): readonly (readonly number[])[] {
  const events = history(memory, threads, model, moves);
  return [0, 1].map((thread) =>
    events
      .filter((event) => event.thread === thread && event.step.kind === 'load')
      .map(({ value }) => value),
  );
}

function withSteps(
  threads: readonly [Thread, Thread],
  moves: readonly Move[],
  loaded: readonly (readonly number[])[],
): Done[] {
  const locals = [0, 0];
  const taken = [0, 0];
  const buffers: readonly Step[][] = [[], []];
  return moves.map((move) => {
    const { thread, flush } = move;
    if (flush) {
      return { move, step: buffers[thread].shift()! };
    }
    const step = threads[thread].states[locals[thread]].step!;
    if (step.kind === 'store') {
      buffers[thread].push(step);
    }
    const value = step.kind === 'load' ? loaded[thread][taken[thread]++] : 0;
    locals[thread] = threads[thread].after(locals[thread], value);
    return { move, step };
  });
}

/** Whether a flush may come before what was just before it. */
function mayPass(flush: Done, before: Done): boolean {
  if (before.move.thread === flush.move.thread) {
    return !before.move.flush && before.step !== flush.step;
  }
  const looks = before.step.kind === 'load' || before.step.kind === 'wait' || before.move.flush;
  return !looks || !overlap(before.step, flush.step);
}

function overlap(a: Step, b: Step): boolean {
  if (!('address' in a) || !('address' in b)) {
    return false;
  }
  const width = (step: Step): number => ('width' in step ? step.width : 2);
  return a.address < b.address + width(b) && b.address < a.address + width(a);
}
