/** Tasks of a device: how many run, and when they have ended. */
import type { WaitQueue } from '@doorbell/abi';

export class Tasks {
  private readonly start: (body: () => Promise<void>) => void;
  private readonly ended: WaitQueue;
  private running = 0;

  /** @param start  runs a task. */
  constructor(start: (body: () => Promise<void>) => void, ended: WaitQueue) {
    this.start = start;
    this.ended = ended;
  }

  spawn(body: () => Promise<void>): void {
    this.running++;
    this.start(async () => {
      try {
        await body();
      } finally {
        this.running--;
        this.ended.wake();
      }
    });
  }

  /** Resolves when none runs any more. */
  async end(): Promise<void> {
    await this.ended.until(() => this.running === 0, 'resource');
  }
}
