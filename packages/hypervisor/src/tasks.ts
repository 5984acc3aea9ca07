/**
 * Tasks: asynchronous functions that run on CPUs, one at a time, until they wait. The machine
 * goes to the next event when every task waits, which is known by counting, not by letting
 * microtasks run dry: the order is the same on any host.
 */
import type { EventId, RequestId, Timers } from '@doorbell/abi';
import type { Cpu } from './cpu.ts';
import type { PortOp } from './recorder.ts';
import type { Timeline } from './timeline.ts';

/** Every task waits, and nothing is left that could wake one. */
export class Deadlock extends Error {
  override readonly name = 'Deadlock';
}

interface Waiter {
  readonly cpu: Cpu;
  readonly queue: object;
  readonly timeout: Timeout;
  request: RequestId;
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
  /** How many timeouts there are, and which of them no task has. */
  readonly timeouts: number;
  readonly free: readonly number[];
  /** The number of the CPU whose task runs; -1: none. */
  readonly running: number;
}

const NOBODY = -1;

export class Tasks {
  private readonly timeline: Timeline;
  /** Gives a CPU whose tasks wait an interrupt that comes before a time. */
  private readonly serveIdleCpu: (limit: number) => boolean;
  private readonly waiters: Waiter[] = [];
  private readonly ready: Waiter[] = [];
  private readonly timeouts: Timeout[] = [];
  private readonly free: Timeout[] = [];
  private current: Cpu | undefined;
  private live = 0;
  /** Time limits of waits that have passed. */
  timeoutsRun = 0;
  private finished: () => void = () => undefined;
  private failed: (error: unknown) => void = () => undefined;

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
          this.note('end', cpu);
          this.dispatch();
        })
        .catch((error: unknown) => {
          this.noteHalt();
          this.failed(error);
        });
    };
    const waiter = this.waiter(cpu, cpu, start);
    this.ready.push(waiter);
    this.note('spawn', cpu, this.timeline.now);
  }

  /** Runs until every task has ended. @throws the first error of a task, or Deadlock. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.finished = resolve;
      this.failed = reject;
      this.dispatch();
    });
  }

  /** Parks the running task until `queue` is woken; resolves to false when `timeoutNs` passed first. */
  park(cpu: Cpu, queue: object, timeoutNs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter = this.waiter(cpu, queue, () => {
        resolve(!waiter.timedOut);
      });
      this.waiters.push(waiter);
      arm(waiter.timeout, timeoutNs);
      this.leave(cpu);
      this.note('wait', cpu, timeoutNs);
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
      this.note('yield', cpu);
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
    const timeout = this.takeTimeout();
    const { request, cause } = this.timeline.tracer;
    return { cpu, queue, timeout, request, cause, woken: false, timedOut: false, resume };
  }

  private takeTimeout(): Timeout {
    return this.free.pop() ?? this.newTimeout();
  }

  private newTimeout(): Timeout {
    const timers = this.timeline.timers(() => {
      this.timeoutsRun++;
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
      const { request, cause } = this.timeline.tracer;
      waiter.cause = cause;
      waiter.request = waiter.cpu.serves ? request : waiter.request;
      waiter.cpu.time = Math.max(waiter.cpu.time, this.timeline.now);
      this.ready.push(waiter);
      this.note('wake', waiter.cpu, this.timeline.now);
    }
  }

  private leave(cpu: Cpu): void {
    cpu.time = this.timeline.now;
    this.current = undefined;
  }

  /** Gives the machine to the next ready task; while there is none, goes on to the next event. */
  private dispatch(): void {
    while (this.current === undefined) {
      const next = this.nextReady();
      if (this.serveIdleCpu(next?.cpu.time ?? Infinity)) {
        continue;
      }
      if (next !== undefined) {
        this.resume(next);
      } else if (this.live === 0) {
        this.noteHalt();
        this.finished();
        return;
      } else if (this.timeline.nextEvent === Infinity) {
        this.noteHalt();
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

  /** A task of the CPU runs from here on. */
  private occupy(cpu: Cpu, time: number, request: RequestId, cause: EventId): void {
    const { timeline } = this;
    this.current = cpu;
    cpu.time = time;
    timeline.now = time;
    timeline.tracer.request = request;
    timeline.tracer.cause = cause;
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
    const { eventsRun, recorder } = this.timeline;
    const { cpu, timeout, request, cause } = waiter;
    const { time } = cpu;
    this.forget(waiter);
    this.occupy(cpu, time, request, cause);
    recorder?.add('resume', cpu.number, timeout.index, eventsRun, time, request, cause);
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
        this.note('forget', cpu, waiter.timeout.index);
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
    this.giveBack(waiter.timeout);
  }

  private giveBack(timeout: Timeout): void {
    timeout.timers.disarm(0);
    this.free.push(timeout);
  }

  private note(op: PortOp, cpu: Cpu, a = 0): void {
    this.timeline.recorder?.add(op, cpu.number, a);
  }

  /** Nothing runs from here on. */
  private noteHalt(): void {
    const { recorder, eventsRun, now } = this.timeline;
    recorder?.add('halt', 0, eventsRun, now);
  }

  // ------------------------------------------------------------------------------ replay

  /** The CPU whose task runs; it stands where the machine's clock stands. */
  get running(): Cpu | undefined {
    return this.current;
  }

  /** What was recorded of the tasks, none of which is there. */
  play(op: PortOp, cpu: Cpu, [a, , time, request, cause]: readonly number[]): void {
    switch (op) {
      case 'spawn':
        this.takeTimeout();
        cpu.time = Math.max(cpu.time, a);
        break;
      case 'yield':
        this.takeTimeout();
        this.leave(cpu);
        break;
      case 'wait':
        arm(this.takeTimeout(), a);
        this.leave(cpu);
        break;
      case 'wake':
        cpu.time = Math.max(cpu.time, a);
        break;
      case 'resume':
        this.giveBack(this.timeouts[a]);
        this.occupy(cpu, time, request, cause);
        break;
      case 'forget':
        this.giveBack(this.timeouts[a]);
        break;
      case 'end':
        this.leave(cpu);
        break;
      default:
        throw new RangeError(`No task does '${op}'.`);
    }
  }

  save(): TasksState {
    return {
      timeouts: this.timeouts.length,
      free: this.free.map(({ index }) => index),
      running: this.current?.number ?? NOBODY,
    };
  }

  /** Tasks are not part of the state, but that they are there: those that are here never run again. */
  load(state: TasksState, cpus: readonly Cpu[]): void {
    this.waiters.length = 0;
    this.ready.length = 0;
    this.timeouts.splice(state.timeouts);
    while (this.timeouts.length < state.timeouts) {
      this.newTimeout();
    }
    this.free.splice(0, Infinity, ...state.free.map((index) => this.timeouts[index]));
    this.current = cpus[state.running];
  }
}

function arm({ timers }: Timeout, ns: number): void {
  if (ns !== Infinity) {
    timers.arm(0, ns);
  }
}
