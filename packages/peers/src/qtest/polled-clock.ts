/**
 * The host's time, for devices that live in this process or another one. QEMU's virtual clock
 * stands still, and so do its devices' timers. While a task waits, interrupts are looked for.
 */
import type { Clock, WaitQueue } from '@doorbell/abi';
import { hostClock } from '@doorbell/pv-frontend/node';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import type { QtestConnection } from './connection.ts';
import type { Interrupts } from './interrupts.ts';

/** How long a wait looks again and again, before it pauses between looks. In milliseconds. */
const EAGER = 5;

export class PolledClock implements Clock {
  private readonly connection: QtestConnection;
  private readonly interrupts: Interrupts;
  private readonly clock: Clock = hostClock();
  /** Told when looking failed. */
  private readonly waiters = new Set<(error: unknown) => void>();
  private isPolling = false;
  private closed: Error | undefined;

  constructor(connection: QtestConnection, interrupts: Interrupts) {
    this.connection = connection;
    this.interrupts = interrupts;
  }

  now(): number {
    return this.clock.now();
  }

  delay(ns: number): void {
    this.connection.flush();
    this.interrupts.deliver();
    this.clock.delay(ns);
  }

  async sleep(ns: number): Promise<void> {
    const end = this.now() + ns;
    // Node's timers count from the start of a turn, which may be some time ago.
    for (let left = ns; left > 0; left = end - this.now()) {
      await this.polling(this.clock.sleep(left));
    }
    this.interrupts.deliver();
  }

  waitQueue(): WaitQueue {
    const queue = this.clock.waitQueue();
    return {
      until: async (condition, reason, timeoutNs) => {
        this.connection.flush();
        this.interrupts.deliver();
        return await this.polling(queue.until(condition, reason, timeoutNs));
      },
      wake: () => {
        queue.wake();
      },
    };
  }

  /** Those who wait are told. */
  close(reason: Error): void {
    this.closed ??= reason;
    this.fail(this.closed);
  }

  /** Looks for interrupts until `wait` is over. */
  private async polling<T>(wait: Promise<T>): Promise<T> {
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    if (this.closed !== undefined) {
      fail(this.closed);
    }
    this.waiters.add(fail);
    if (!this.isPolling) {
      this.isPolling = true;
      void this.poll();
    }
    try {
      return await Promise.race([wait, failed]);
    } finally {
      this.waiters.delete(fail);
    }
  }

  private fail(error: unknown): void {
    for (const fail of this.waiters) {
      fail(error);
    }
  }

  private async poll(): Promise<void> {
    try {
      const eagerUntil = performance.now() + EAGER;
      while (this.waiters.size > 0 && this.closed === undefined) {
        this.look();
        await (performance.now() < eagerUntil ? turn() : pause(1));
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.isPolling = false;
    }
  }

  private look(): void {
    if (this.interrupts.hasLines) {
      this.connection.ask('endianness'); // a line's level comes with an answer
    }
    this.connection.flush();
    this.interrupts.deliver();
  }
}
