/** Time for a check without a machine: it passes when all tasks wait, from one timer to the next. */
import type { Clock } from '@doorbell/abi';
import { WallClock, type WallTimers } from '@doorbell/wire';

/** Far longer than anybody waits before giving up. In nanoseconds. */
const LONG_NS = 120_000_000_000;
const IDLE_TURNS = 4;

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

export class CheckTime implements WallTimers {
  readonly clock: Clock = new CheckClock(this);
  private time = 0;
  private readonly armed = new Set<Timer>();

  now(): number {
    return this.time;
  }

  after(ns: number, run: () => void): () => void {
    const timer = { at: this.time + ns, run };
    this.armed.add(timer);
    return () => {
      this.armed.delete(timer);
    };
  }

  /** Time passes while somebody is busy. */
  pass(ns: number): void {
    this.time += ns;
  }

  /** Until every task waits for something that does not come by itself. No time passes. */
  settle(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  }

  /**
   * Lets time pass until a condition holds. False: nothing is left to come, or it took too long. While
   * several wait, each gives the others a turn before it takes nothing to come for an end.
   */
  async until(condition: () => boolean, limitNs = LONG_NS): Promise<boolean> {
    const end = this.time + limitNs;
    for (let idle = 0; idle < IDLE_TURNS;) {
      await this.settle();
      if (condition()) {
        return true;
      }
      const next = this.next();
      if (next === undefined || next.at > end) {
        idle++;
      } else {
        idle = 0;
        this.armed.delete(next);
        this.time = Math.max(this.time, next.at);
        next.run();
      }
    }
    return false;
  }

  /** Among equals, first come, first served. */
  private next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.armed) {
      first = first === undefined || timer.at < first.at ? timer : first;
    }
    return first;
  }
}

class CheckClock extends WallClock {
  private readonly checkTime: CheckTime;

  constructor(time: CheckTime) {
    super(time);
    this.checkTime = time;
  }

  override delay(ns: number): void {
    this.checkTime.pass(ns);
  }
}
