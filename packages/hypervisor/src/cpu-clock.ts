/** Virtual time as the code on one CPU reads it, spends it and waits for it. */
import type { Clock, WaitQueue } from '@doorbell/abi';
import type { Crossings } from './crossings.ts';
import { TaskQueue } from './task-queue.ts';

export class CpuClock implements Clock {
  private readonly crossings: Crossings;

  constructor(crossings: Crossings) {
    this.crossings = crossings;
  }

  now(): number {
    return this.crossings.machine.now;
  }

  delay(ns: number): void {
    const { crossings } = this;
    crossings.deliver();
    crossings.machine.advance(ns);
    crossings.note('delay', ns);
  }

  async sleep(ns: number): Promise<void> {
    await this.waitQueue().until(() => false, 'time', ns);
  }

  waitQueue(): WaitQueue {
    return new TaskQueue(this.crossings);
  }
}
