/** As Linux's mutex: one holder at a time, the others wait. */
import type { Clock, WaitQueue } from '@doorbell/abi';

export class Mutex {
  private held = false;
  private readonly released: WaitQueue;

  constructor(clock: Clock) {
    this.released = clock.waitQueue();
  }

  /** Does `work` while nobody else holds the mutex. */
  async holding<T>(work: () => Promise<T>): Promise<T> {
    // Looked at again after each wait: another waiter may have been faster.
    while (this.held) {
      await this.released.until(() => !this.held, 'resource');
    }
    this.held = true;
    try {
      return await work();
    } finally {
      this.held = false;
      this.released.wake();
    }
  }
}
