/** What happened in an interleaving, access by access, for a reader. */
import type { Model, Move } from './explorer.ts';
import type { SharedMemory } from './shared-memory.ts';
import type { Step } from './step.ts';
import type { Thread } from './thread.ts';

export interface Event {
  readonly thread: number;
  readonly step: Step;
  /** What a load gave. */
  readonly value: number;
  /**
   * Of a store: `plain`, visible before the thread does anything else but store; else it is `late`,
   * and another event, `visible`, follows when it is seen, if ever. Of a step that a thread stands
   * in for ever: `stuck`.
   */
  readonly how: 'plain' | 'late' | 'visible' | 'stuck';
}

/**
 * Does an interleaving again. A store that was done early but overtaken by no load is told when it
 * becomes visible: nobody could see the difference.
 */
export function history(
  memory: SharedMemory,
  threads: readonly [Thread, Thread],
  model: Model,
  moves: readonly Move[],
): readonly Event[] {
  const replay = new Replay(memory, threads, model);
  moves.forEach((move) => replay.do(move));
  return replay.end();
}

interface Waiting {
  readonly step: Step;
  /** The event that told of it, once a later step of its thread has overtaken it. */
  told: boolean;
}

class Replay {
  private readonly memory: SharedMemory;
  private readonly threads: readonly [Thread, Thread];
  private readonly model: Model;
  private readonly events: Event[] = [];
  private readonly locals = [0, 0];
  private readonly buffers = [0, 0];
  private readonly waiting: readonly [Waiting[], Waiting[]] = [[], []];
  private content = 0;

  constructor(memory: SharedMemory, threads: readonly [Thread, Thread], model: Model) {
    this.memory = memory;
    this.threads = threads;
    this.model = model;
  }

  do({ thread, flush }: Move): void {
    if (flush) {
      this.flush(thread);
    } else {
      this.step(thread, this.threads[thread].states[this.locals[thread]].step!);
    }
  }

  private flush(thread: number): void {
    const { step, told } = this.waiting[thread].shift()!;
    this.content = this.memory.flush(this.content, this.buffers[thread]);
    this.buffers[thread] = this.memory.rest(this.buffers[thread]);
    this.events.push({ thread, step, value: 0, how: told ? 'visible' : 'plain' });
  }

  private step(thread: number, step: Step): void {
    const buffer = this.buffers[thread];
    let value = 0;
    if (step.kind === 'store' && this.model === 'tso') {
      this.waiting[thread].push({ step, told: false });
      this.buffers[thread] = this.memory.push(buffer, step.address, step.width, step.value);
    } else {
      this.tellWaiting(thread);
      if (step.kind === 'store') {
        this.content = this.memory.store(this.content, step.address, step.width, step.value);
      } else if (step.kind === 'load') {
        value = this.memory.load(this.content, buffer, step.address, step.width);
      } else if (step.kind === 'wait') {
        this.content = this.memory.store(this.content, step.address, 2, 0);
      }
      this.events.push({ thread, step, value, how: 'plain' });
    }
    this.locals[thread] = this.threads[thread].after(this.locals[thread], value);
  }

  /** Stores that wait are overtaken now: that is worth a line. */
  private tellWaiting(thread: number): void {
    for (const waiting of this.waiting[thread]) {
      if (!waiting.told) {
        waiting.told = true;
        this.events.push({ thread, step: waiting.step, value: 0, how: 'late' });
      }
    }
  }

  /** The events, and at their end who sleeps for ever. */
  end(): readonly Event[] {
    this.locals.forEach((local, thread) => {
      const { step } = this.threads[thread].states[local];
      const asleep =
        step?.kind === 'wait' && this.memory.load(this.content, 0, step.address, 2) === 0;
      if (asleep && this.memory.isEmpty(this.buffers[thread])) {
        this.events.push({ thread, step, value: 0, how: 'stuck' });
      }
    });
    return this.events;
  }
}
