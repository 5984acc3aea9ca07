/** The clock of a driver or a device that runs outside of a machine with virtual time. */
import type { Clock, WaitQueue, WaitReason } from '@doorbell/abi';

/** The host's time. */
export interface WallTimers {
  /** In nanoseconds, from anywhere on; it never goes back. */
  now(): number;
  /** Runs once, `ns` nanoseconds later at the earliest. What it gives cancels. */
  after(ns: number, run: () => void): () => void;
}

export class WallClock implements Clock {
  private readonly timers: WallTimers;

  constructor(timers: WallTimers) {
    this.timers = timers;
  }

  now(): number {
    return this.timers.now();
  }

  delay(ns: number): void {
    const end = this.now() + ns;
    while (this.now() < end) {
      // Spins, as its contract says.
    }
  }

  sleep(ns: number): Promise<void> {
    return new Promise((resolve) => {
      this.timers.after(ns, resolve);
    });
  }

  waitQueue(): WaitQueue {
    return new WallQueue(this.timers);
  }
}

class WallQueue implements WaitQueue {
  private readonly timers: WallTimers;
  /** Resumes each task that waits. */
  private readonly parked = new Set<() => void>();

  constructor(timers: WallTimers) {
    this.timers = timers;
  }

  async until(
    condition: () => boolean,
    _reason: WaitReason,
    timeoutNs = Infinity,
  ): Promise<boolean> {
    const timed = timeoutNs < Infinity;
    const deadline = timed ? this.timers.now() + timeoutNs : Infinity;
    while (!condition()) {
      const left = timed ? deadline - this.timers.now() : Infinity;
      if (left <= 0) {
        return false;
      }
      await this.park(left);
    }
    return true;
  }

  wake(): void {
    const woken = [...this.parked];
    this.parked.clear();
    for (const resume of woken) {
      resume();
    }
  }

  /** Until `wake`, or until `ns` nanoseconds have passed. */
  private park(ns: number): Promise<void> {
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const resume = (): void => {
        this.parked.delete(resume);
        cancel();
        resolve();
      };
      this.parked.add(resume);
      if (ns < Infinity) {
        cancel = this.timers.after(ns, resume);
      }
    });
  }
}
