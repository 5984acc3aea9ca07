/**
 * Keeps the event loop awake for a little while after work: whoever waits in the kernel wakes in
 * 50 to 100 µs, and a guest that has just been answered mostly has its next command ready sooner.
 * Where others want the processor it waits like anybody else: whoever has kept it busy gets it last.
 */

/** In milliseconds. */
const AWAKE_MS = 0.5;
/** A turn takes some µs, and a command some tens of them: in more the processor was another's. */
const LATE_MS = 0.5;
const REST_MS = 1000;

export class Wakefulness {
  private until = 0;
  private restsUntil = 0;
  /** When it was looked last. */
  private last = 0;
  private isAwake = false;

  /** There was work just now. */
  extend(): void {
    const now = performance.now();
    if (now < this.restsUntil) {
      return;
    }
    this.until = now + AWAKE_MS;
    if (!this.isAwake) {
      this.isAwake = true;
      this.last = now;
      setImmediate(this.turn);
    }
  }

  end(): void {
    this.until = 0;
  }

  /** While an immediate is due, the loop looks at its descriptors without waiting. */
  private readonly turn = (): void => {
    const now = performance.now();
    if (now - this.last > LATE_MS) {
      this.restsUntil = now + REST_MS;
      this.until = 0;
    }
    this.last = now;
    this.isAwake = now < this.until;
    if (this.isAwake) {
      setImmediate(this.turn);
    }
  };
}
