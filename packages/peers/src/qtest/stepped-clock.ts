/**
 * QEMU's virtual clock as a machine's time. It moves only when a task waits or spins, to QEMU's
 * next timer or the tasks' next timeout, whichever comes first: the same run each time.
 *
 * QEMU's own threads, such as edu's, compute in real time meanwhile. So a wait first gives them a
 * moment, and a timeout expires only after a longer one.
 */
import type { Clock, WaitQueue, WaitReason } from '@doorbell/abi';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { type QtestConnection, QtestError } from './connection.ts';
import type { Interrupts } from './interrupts.ts';

/**
 * qtest cannot tell when QEMU's next timer is due; it only goes there. So a comparator of the HPET
 * (IA-PC HPET 1.0a) is set shortly before the next timeout, and nothing jumps over that.
 */
const HPET = { CONFIG: 0xfed00010, COMPARATOR: 0xfed00108, TICK_NS: 10 } as const;
/**
 * How long QEMU's threads are given before the clock moves, and at most before a timeout expires:
 * a timeout of less is given what it asks for. In milliseconds.
 */
const MOMENT = 10;
const PATIENCE = 500;

interface Waiter {
  readonly queue: object;
  readonly deadline: number;
  /** How long QEMU's threads are given before it times out, in milliseconds; 0: it only sleeps. */
  readonly patience: number;
  readonly resume: () => void;
  readonly fail: (error: unknown) => void;
}

export class SteppedClock implements Clock {
  private readonly connection: QtestConnection;
  private readonly interrupts: Interrupts;
  private readonly waiters = new Set<Waiter>();
  private time = 0;
  private isPumping = false;
  /** Changes when a task goes on. */
  private resumed = 0;
  private closed: Error | undefined;

  constructor(connection: QtestConnection, interrupts: Interrupts) {
    this.connection = connection;
    this.interrupts = interrupts;
    connection.ask(`writel ${HPET.CONFIG} 1`); // counts from 0, as the clock does
  }

  now(): number {
    return this.time;
  }

  delay(ns: number): void {
    this.interrupts.deliver();
    this.step(Math.ceil(ns));
  }

  async sleep(ns: number): Promise<void> {
    this.interrupts.deliver();
    const deadline = this.time + Math.ceil(ns);
    while (this.time < deadline) {
      await this.park(this, deadline, 0);
    }
    this.interrupts.deliver();
  }

  waitQueue(): WaitQueue {
    const queue = {
      until: (condition: () => boolean, _reason: WaitReason, timeoutNs = Infinity) =>
        this.until(queue, condition, timeoutNs),
      wake: () => {
        this.resume((waiter) => waiter.queue === queue);
      },
    };
    return queue;
  }

  /** Those who wait are told. */
  close(reason: Error): void {
    this.closed ??= reason;
    this.fail(this.closed);
  }

  private async until(
    queue: object,
    condition: () => boolean,
    timeoutNs: number,
  ): Promise<boolean> {
    const deadline = this.time + Math.ceil(timeoutNs);
    const patience = Math.max(MOMENT, Math.min(PATIENCE, timeoutNs / 1e6));
    this.interrupts.deliver();
    while (!condition()) {
      if (this.time >= deadline) {
        return false;
      }
      await this.park(queue, deadline, patience);
      this.interrupts.deliver();
    }
    return true;
  }

  private park(queue: object, deadline: number, patience: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.closed !== undefined) {
        reject(this.closed);
        return;
      }
      this.waiters.add({ queue, deadline, patience, resume: resolve, fail: reject });
      if (!this.isPumping) {
        this.isPumping = true;
        void this.pump();
      }
    });
  }

  private resume(which: (waiter: Waiter) => boolean): void {
    for (const waiter of this.waiters) {
      if (which(waiter)) {
        this.waiters.delete(waiter);
        this.resumed++;
        waiter.resume();
      }
    }
  }

  private fail(error: unknown): void {
    for (const waiter of this.waiters) {
      this.waiters.delete(waiter);
      waiter.fail(error);
    }
  }

  // ------------------------------------------------------------------------------ time

  /** Runs while tasks wait: looks for interrupts, and moves the clock when nothing else is left. */
  private async pump(): Promise<void> {
    try {
      while (this.waiters.size > 0) {
        const { resumed } = this;
        await this.look();
        if (this.resumed === resumed) {
          await this.advance(resumed);
        }
        this.resume(({ deadline }) => deadline <= this.time);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.isPumping = false;
    }
  }

  /** Lets everybody else go on, QEMU's main loop too, and runs the handlers of what came. */
  private async look(): Promise<void> {
    await turn();
    if (this.closed === undefined) {
      this.connection.ask('endianness'); // has no effect, but is answered after all before it
      this.interrupts.deliver();
    }
  }

  /** True: a task went on within `ms` milliseconds of real time. */
  private async someoneGoesOn(resumed: number, ms: number): Promise<boolean> {
    const end = performance.now() + ms;
    for (let looks = 0; this.resumed === resumed; looks++) {
      if (looks >= 4 && performance.now() >= end) {
        return false;
      }
      await this.look();
      if (looks >= 4 && this.resumed === resumed) {
        await pause(1);
      }
    }
    return true;
  }

  private async advance(resumed: number): Promise<void> {
    const next = this.next();
    if (next === undefined || (next.patience > 0 && (await this.someoneGoesOn(resumed, MOMENT)))) {
      return;
    }
    const mark = Math.ceil(next.deadline / HPET.TICK_NS) - 2;
    if (next.deadline === Infinity) {
      this.stepToTimer();
    } else if (mark * HPET.TICK_NS > this.time) {
      this.connection.ask(`writeq ${HPET.COMPARATOR} ${mark}`);
      this.stepToTimer();
    } else if (next.patience === 0 || !(await this.someoneGoesOn(resumed, next.patience))) {
      this.step(next.deadline - this.time);
    }
  }

  private next(): Waiter | undefined {
    let next: Waiter | undefined;
    for (const waiter of this.waiters) {
      if (next === undefined || waiter.deadline < next.deadline) {
        next = waiter;
      }
    }
    return next;
  }

  private step(ns: number): void {
    if (ns > 0) {
      this.time = Number(this.connection.ask(`clock_step ${ns}`));
    }
  }

  /** Without any timer the clock stays; somebody may come from outside. */
  private stepToTimer(): void {
    try {
      this.time = Number(this.connection.ask('clock_step'));
    } catch (error) {
      if (!(error instanceof QtestError && error.answer.includes('no pending deadline'))) {
        throw error;
      }
    }
  }
}
