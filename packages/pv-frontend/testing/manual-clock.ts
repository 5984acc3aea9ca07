/**
 * Time for tests: it stands still while any task can run, and then goes to the next event. When
 * there is none, the test fails at once with `Stuck` in place of hanging.
 */
import type { Clock, WaitQueue } from '@doorbell/abi';

/** Every task waits, and nothing is left that could wake one. */
class Stuck extends Error {
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

interface Event {
  readonly at: number;
  readonly run: () => void;
}

export class ManualClock implements Clock {
  /** Tasks that only serve others may wait for ever. */
  mayBeIdle = false;
  private time = 0;
  private events: Event[] = [];
  private waiters: Waiter[] = [];
  private turnScheduled = false;

  now(): number {
    return this.time;
  }

  delay(ns: number): void {
    this.time += ns;
  }

  async sleep(ns: number): Promise<void> {
    await this.wait({}, () => false, ns);
  }

  /** Runs `run` in `ns` nanoseconds; among equals, first come, first served. */
  after(ns: number, run: () => void): void {
    this.events.push({ at: this.time + ns, run });
    this.events.sort((a, b) => a.at - b.at);
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
    if (condition()) {
      return Promise.resolve(true);
    }
    return new Promise((settle, fail) => {
      const deadline = this.time + timeoutNs;
      this.waiters.push({ queue, condition, deadline, woken: false, settle, fail });
      if (!this.turnScheduled) {
        this.turnScheduled = true;
        setImmediate(() => {
          this.turnScheduled = false;
          this.turn();
        });
      }
    });
  }

  /** A turn comes after all promises that are settled have run: then every task waits. */
  private turn(): void {
    while (this.waiters.length > 0 && !this.resumeOne()) {
      const event = this.events.at(0)?.at ?? Infinity;
      const next = Math.min(event, ...this.waiters.map(({ deadline }) => deadline));
      if (next === Infinity && this.mayBeIdle) {
        return;
      }
      if (next === Infinity) {
        const stuck = this.waiters.splice(0);
        stuck.forEach((waiter) => {
          waiter.fail(new Stuck(`Nothing is left to happen after ${this.time} ns.`));
        });
        return;
      }
      this.time = Math.max(this.time, next);
      if (event === next) {
        this.events.shift()?.run();
      }
    }
    if (this.waiters.length > 0 && !this.turnScheduled) {
      this.turnScheduled = true;
      setImmediate(() => {
        this.turnScheduled = false;
        this.turn();
      });
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
}
