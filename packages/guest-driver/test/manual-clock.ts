/**
 * Time for tests: it stands still unless the driver touches the device, spins or waits. When
 * nothing can run, it goes to the next timer or deadline; when there is none, the test fails at
 * once with `Stuck` in place of hanging.
 */
import type { Clock, Timers, WaitQueue } from '@doorbell/abi';

/** Every task waits, and nothing is left that could wake one. */
export class Stuck extends Error {
  override readonly name = 'Stuck';
}

interface Waiter {
  readonly queue: object;
  readonly condition: () => boolean;
  readonly deadline: number;
  /** Whether the condition is to be looked at: a driver that forgets `wake` waits for ever. */
  woken: boolean;
  settle(held: boolean): void;
  fail(error: Error): void;
}

export class ManualClock implements Clock {
  private time = 0;
  private readonly armed = new Map<number, number>();
  private waiters: Waiter[] = [];
  private turnScheduled = false;
  /** Runs the interrupt handlers that are due. */
  private readonly deliver: () => void;
  private readonly onTimer: (id: number) => void;

  constructor(deliver: () => void, onTimer: (id: number) => void) {
    this.deliver = deliver;
    this.onTimer = onTimer;
  }

  // ---------------------------------------------------------------------------- the device's

  readonly timers: Timers = {
    now: () => this.time,
    arm: (id, ns) => {
      this.armed.set(id, this.time + ns);
    },
    disarm: (id) => {
      this.armed.delete(id);
    },
  };

  /** Fires, in order of time, all timers up to `until`. */
  private advanceTo(until: number): void {
    for (;;) {
      const [id, due] = this.nextTimer();
      if (due > until) {
        break;
      }
      this.armed.delete(id);
      this.time = Math.max(this.time, due);
      this.onTimer(id);
    }
    this.time = Math.max(this.time, until);
  }

  /** Among equals, the lowest id. */
  private nextTimer(): [id: number, due: number] {
    let next: [number, number] = [-1, Infinity];
    for (const [id, due] of this.armed) {
      if (due < next[1] || (due === next[1] && id < next[0])) {
        next = [id, due];
      }
    }
    return next;
  }

  // ---------------------------------------------------------------------------- the driver's

  now(): number {
    return this.time;
  }

  delay(ns: number): void {
    this.advanceTo(this.time + ns);
    this.deliver();
  }

  async sleep(ns: number): Promise<void> {
    await this.wait({}, () => false, ns);
  }

  waitQueue(): WaitQueue {
    const queue = {};
    return {
      until: (condition, _reason, timeoutNs = Infinity) => this.wait(queue, condition, timeoutNs),
      wake: () => {
        for (const waiter of this.waiters) {
          waiter.woken ||= waiter.queue === queue;
        }
      },
    };
  }

  private wait(queue: object, condition: () => boolean, timeoutNs: number): Promise<boolean> {
    this.deliver();
    if (condition()) {
      return Promise.resolve(true);
    }
    return new Promise((settle, fail) => {
      const deadline = this.time + timeoutNs;
      this.waiters.push({ queue, condition, deadline, woken: false, settle, fail });
      this.scheduleTurn();
    });
  }

  /** A turn comes after all promises that are settled have run: then every task waits. */
  private scheduleTurn(): void {
    if (!this.turnScheduled) {
      this.turnScheduled = true;
      setImmediate(() => {
        this.turnScheduled = false;
        this.turn();
      });
    }
  }

  private turn(): void {
    this.deliver();
    while (this.waiters.length > 0 && !this.resumeOne()) {
      const next = Math.min(this.nextTimer()[1], ...this.waiters.map(({ deadline }) => deadline));
      if (next === Infinity) {
        this.failAll(new Stuck(`Nothing is left to happen after ${this.time} ns.`));
        return;
      }
      this.advanceTo(next);
      this.deliver();
    }
    if (this.waiters.length > 0) {
      this.scheduleTurn();
    }
  }

  /** Resumes the first waiter whose wait is over: one at a time, as on one CPU. */
  private resumeOne(): boolean {
    for (const waiter of this.waiters) {
      const held = waiter.woken && waiter.condition();
      waiter.woken = false;
      if (held || waiter.deadline <= this.time) {
        this.waiters = this.waiters.filter((other) => other !== waiter);
        waiter.settle(held);
        return true;
      }
    }
    return false;
  }

  private failAll(error: Error): void {
    const stuck = this.waiters;
    this.waiters = [];
    for (const waiter of stuck) {
      waiter.fail(error);
    }
  }
}
