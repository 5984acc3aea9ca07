/** A peer's time. */

/** Aborts when the time is over; a user at the console has all the time. */
export class TimeLimit {
  isOver = false;
  private readonly controller = new AbortController();
  private readonly limitMs: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(limitMs: number) {
    this.limitMs = limitMs;
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  start(): void {
    this.timer = setTimeout(() => {
      this.isOver = true;
      this.controller.abort(new Error('The time is over.'));
    }, this.limitMs);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  async pause(during: () => Promise<void>): Promise<void> {
    this.stop();
    try {
      await during();
    } finally {
      this.start();
    }
  }
}

/** Throws when a peer did not end in time after its signal; a run is not held up by it. */
export function overdue(signal: AbortSignal, graceMs: number): Promise<never> {
  return new Promise((_, reject) => {
    const wait = (): void => {
      setTimeout(() => {
        reject(new Error('It did not end when it was told to.'));
      }, graceMs).unref();
    };
    if (signal.aborted) {
      wait();
    } else {
      signal.addEventListener('abort', wait, { once: true });
    }
  });
}
