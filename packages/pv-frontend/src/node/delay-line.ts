/** Runs what it is given later, in order: a line with latency and jitter. */

export class DelayLine {
  private readonly latencyMs: number;
  private readonly jitterMs: number;
  private state: number;
  private readonly queue: { readonly at: number; readonly run: () => void }[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** When the last in the queue leaves. */
  private last = 0;
  private waiting: (() => void)[] = [];

  /** @param jitterMs  on top of the latency: up to so much, different each time. */
  constructor(latencyMs: number, jitterMs: number, seed: number) {
    this.latencyMs = latencyMs;
    this.jitterMs = jitterMs;
    this.state = seed >>> 0;
  }

  after(run: () => void): void {
    const now = performance.now();
    this.last = Math.max(this.last, now + this.latencyMs + this.jitterMs * this.random());
    if (this.last <= now && this.queue.length === 0) {
      run();
    } else {
      this.queue.push({ at: this.last, run });
      this.arm();
    }
  }

  /** Resolves when something has left, or nothing will any more. */
  moved(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  clear(): void {
    this.queue.length = 0;
    clearTimeout(this.timer);
    this.timer = undefined;
    this.wake();
  }

  private arm(): void {
    if (this.timer === undefined && this.queue.length > 0) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.leave();
      }, this.queue[0].at - performance.now());
    }
  }

  private leave(): void {
    while (this.queue.length > 0 && this.queue[0].at <= performance.now()) {
      this.queue.shift()?.run();
    }
    this.wake();
    this.arm();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) {
      resolve();
    }
  }

  /** mulberry32: from 0 to 1. */
  private random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
