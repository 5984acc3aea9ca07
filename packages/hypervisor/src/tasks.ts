/**
 * Tasks: asynchronous functions that run on CPUs, one at a time, until they wait. The machine
 * goes to the next event when every task waits, which is known by counting, not by letting
 * microtasks run dry: the order is the same on any host.
 */
import type { EventId, RequestId, Timers } from '@doorbell/abi';
import type { Cpu } from './cpu.ts';
import type { Timeline } from './timeline.ts';

/** Every task waits, and nothing is left that could wake one. */
export class Deadlock extends Error {
  override readonly name = 'Deadlock';
}

/** The run was abandoned. */
export class Halted extends Error {
  override readonly name = 'Halted';
}

interface Waiter {
  readonly cpu: Cpu;
  readonly queue: object;
  readonly timeout: Timeout;
  readonly request: RequestId;
  /** What woke it. */
  cause: EventId;
  woken: boolean;
  timedOut: boolean;
  readonly resume: () => void;
}

/** A timer for a wait. There are as many as tasks ever waited at once. */
interface Timeout {
  readonly index: number;
  readonly timers: Timers;
}

export interface TasksState {
  /** Timeouts of the tasks that wait, and free ones. */
  readonly waiting: readonly number[];
  readonly free: readonly number[];
}

export class Tasks {
  private readonly timeline: Timeline;
  /** Gives a CPU whose tasks wait an interrupt that comes before a time. */
  private readonly serveIdleCpu: (limit: number) => boolean;
  private readonly waiters: Waiter[] = [];
  private readonly ready: Waiter[] = [];
  private readonly timeouts: Timeout[] = [];
  /** How many of them were ever needed. */
  private made = 0;
  private readonly free: Timeout[] = [];
  private current: Cpu | undefined;
  private live = 0;
  private finished: () => void = () => undefined;
  private failed: (error: unknown) => void = () => undefined;
  private isHalted = false;
  /** The wait that is replayed. */
  private replayed: Timeout | undefined;

  constructor(timeline: Timeline, serveIdleCpu: (limit: number) => boolean) {
    this.timeline = timeline;
    this.serveIdleCpu = serveIdleCpu;
  }

  /** Starts a task on a CPU, when `run` is called or once the running task waits. */
  spawn(cpu: Cpu, body: () => Promise<void>): void {
    this.live++;
    cpu.time = Math.max(cpu.time, this.timeline.now);
    const start = (): void => {
      body()
        .then(() => {
          this.live--;
          this.leave(cpu);
          this.dispatch();
        })
        .catch((error: unknown) => {
          this.failed(error);
        });
    };
    this.ready.push(this.waiter(cpu, cpu, start));
  }

  /** Runs until every task has ended. @throws the first error of a task, Deadlock or Halted. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.finished = resolve;
      this.failed = reject;
      this.dispatch();
    });
  }

  /** Abandons the run: no task goes on once the running one waits, and `run` throws Halted. */
  halt(): void {
    this.isHalted = true;
  }

  /** Parks the running task until `queue` is woken; resolves to false when `timeoutNs` passed first. */
  park(cpu: Cpu, queue: object, timeoutNs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter = this.waiter(cpu, queue, () => {
        resolve(!waiter.timedOut);
      });
      this.waiters.push(waiter);
      arm(waiter.timeout, timeoutNs);
      cpu.recorder?.wait(timeoutNs);
      this.leave(cpu);
      this.dispatch();
    });
  }

  /** Whether a task is ready to run on the CPU. */
  hasReady(cpu: Cpu): boolean {
    return this.ready.some((waiter) => waiter.cpu === cpu);
  }

  /** Whether a task is ready on a CPU that stands at an earlier time than the running one's. */
  get othersAreBehind(): boolean {
    return this.ready.some(({ cpu }) => cpu.time < this.timeline.now);
  }

  /**
   * Lets the tasks that are behind run first, as they would have meanwhile. Code between two waits
   * cannot be stopped, so whoever runs long has to offer it.
   */
  letOthersCatchUp(cpu: Cpu): Promise<void> {
    return new Promise((resolve) => {
      this.ready.push(this.waiter(cpu, cpu, resolve));
      this.leave(cpu);
      this.dispatch();
    });
  }

  /** Makes the tasks that wait on `queue` ready. */
  wake(queue: object): void {
    for (const waiter of this.waiters) {
      if (waiter.queue === queue) {
        this.makeReady(waiter);
      }
    }
  }

  private waiter(cpu: Cpu, queue: object, resume: () => void): Waiter {
    const timeout = this.free.pop() ?? this.newTimeout();
    const { request } = this.timeline.tracer;
    return { cpu, queue, timeout, request, cause: 0, woken: false, timedOut: false, resume };
  }

  private newTimeout(): Timeout {
    const made = this.timeouts.at(this.made++);
    return made ?? this.reserveTimeout();
  }

  private reserveTimeout(): Timeout {
    const timers = this.timeline.timers(() => {
      const waiter = this.waiters.find((candidate) => candidate.timeout === timeout);
      if (waiter !== undefined && !waiter.woken) {
        waiter.timedOut = true;
        this.makeReady(waiter);
      }
    });
    const timeout: Timeout = { index: this.timeouts.length, timers };
    this.timeouts.push(timeout);
    return timeout;
  }

  private makeReady(waiter: Waiter): void {
    if (!waiter.woken) {
      waiter.woken = true;
      waiter.cause = this.timeline.tracer.cause;
      waiter.cpu.time = Math.max(waiter.cpu.time, this.timeline.now);
      this.ready.push(waiter);
    }
  }

  private leave(cpu: Cpu): void {
    cpu.time = this.timeline.now;
    this.current = undefined;
  }

  /** Gives the machine to the next ready task; while there is none, goes on to the next event. */
  private dispatch(): void {
    while (this.current === undefined) {
      if (this.isHalted) {
        this.failed(new Halted('The run was abandoned.'));
        return;
      }
      const next = this.nextReady();
      if (this.serveIdleCpu(next?.cpu.time ?? Infinity)) {
        continue;
      }
      if (next !== undefined) {
        this.resume(next);
      } else if (this.live === 0) {
        this.finished();
        return;
      } else if (this.timeline.nextEvent === Infinity) {
        this.failed(
          new Deadlock(
            `All ${this.live} tasks wait at ${this.timeline.now} ns, and nothing is left that could wake one.`,
          ),
        );
        return;
      } else {
        this.timeline.handleNext();
      }
    }
  }

  /** The ready task whose CPU is the furthest behind; among equals the one that was ready first. */
  private nextReady(): Waiter | undefined {
    let best = 0;
    for (let i = 1; i < this.ready.length; i++) {
      if (this.ready[i].cpu.time < this.ready[best].cpu.time) {
        best = i;
      }
    }
    return this.ready.at(best);
  }

  private resume(waiter: Waiter): void {
    this.forget(waiter);
    this.current = waiter.cpu;
    this.timeline.now = waiter.cpu.time;
    this.timeline.tracer.request = waiter.request;
    this.timeline.tracer.cause = waiter.cause;
    this.timeline.tracer.line = 0;
    waiter.resume();
  }

  /**
   * The tasks of a CPU are no more: what ran on it has died, and none of its code runs again, not even
   * to clean up. @throws RangeError from one of them.
   */
  drop(cpu: Cpu): void {
    if (this.current === cpu) {
      throw new RangeError('A task cannot drop itself.');
    }
    const isReady = new Set(this.ready);
    for (const waiter of [...this.ready, ...this.waiters.filter((each) => !isReady.has(each))]) {
      if (waiter.cpu === cpu) {
        this.live--;
        this.forget(waiter);
      }
    }
  }

  private forget(waiter: Waiter): void {
    for (const list of [this.ready, this.waiters]) {
      const at = list.indexOf(waiter);
      if (at >= 0) {
        list.splice(at, 1);
      }
    }
    waiter.timeout.timers.disarm(0);
    this.free.push(waiter.timeout);
  }

  // ------------------------------------------------------------------------------ replay

  /** The CPU whose task runs; it stands where the machine's clock stands. */
  get running(): Cpu | undefined {
    return this.current;
  }

  /** Runs a task that is not there: the one whose crossings are replayed; undefined: it waits. */
  occupy(cpu: Cpu | undefined): void {
    this.current = cpu;
  }

  /** Whether the task that is not there waits. */
  get replaysWait(): boolean {
    return this.replayed !== undefined;
  }

  /** What `park` does, for a task that is not there. */
  beginWait(cpu: Cpu, timeoutNs: number): void {
    this.replayed = this.free.pop() ?? this.newTimeout();
    arm(this.replayed, timeoutNs);
    this.leave(cpu);
  }

  endWait(cpu: Cpu): void {
    if (this.replayed === undefined) {
      throw new RangeError('No wait is replayed.');
    }
    this.replayed.timers.disarm(0);
    this.free.push(this.replayed);
    this.replayed = undefined;
    this.current = cpu;
  }

  save(): TasksState {
    const waiting = this.waiters.map(({ timeout }) => timeout.index);
    return {
      waiting: this.replayed === undefined ? waiting : [this.replayed.index],
      free: this.free.map(({ index }) => index),
    };
  }

  /** Tasks are not part of the state; that one of them waited is. @throws RangeError when more did. */
  load(state: TasksState): void {
    if (state.waiting.length > 1) {
      throw new RangeError(`${state.waiting.length} tasks waited; one can be replayed.`);
    }
    this.made = Math.max(-1, ...state.waiting, ...state.free) + 1;
    while (this.timeouts.length < this.made) {
      this.reserveTimeout();
    }
    this.free.splice(0, Infinity, ...state.free.map((index) => this.timeouts[index]));
    this.replayed = state.waiting.length === 0 ? undefined : this.timeouts[state.waiting[0]];
  }
}

function arm({ timers }: Timeout, ns: number): void {
  if (ns !== Infinity) {
    timers.arm(0, ns);
  }
}
