/**
 * Waiting for the device. As in most drivers the interrupt handler does little (no more
 * notifications, wake) and whoever waits does the rest. No wake-up is lost: notifications are asked for
 * again before a wait, and the ring is looked at once more after that (§2.7.7.1, §2.8.10).
 */
import type { Clock, WaitQueue, WaitReason } from '@doorbell/abi';
import type { CommandQueue } from './command-queue.ts';
import type { FrontendOptions } from './options.ts';

/** A device that says nothing for so long is looked at. */
const PATIENCE_NS = 1_000_000_000;
const POLL_NS = 500;

export class Waiting {
  /** The device wants to be looked at: its configuration or its status changed. */
  attention = false;
  private readonly clock: Clock;
  private readonly changed: WaitQueue;
  /** 0: notifications are used. */
  private readonly pollNs: number;
  private queues: readonly CommandQueue[] = [];
  private waiters = 0;
  /** Interrupts of queues so far. */
  private interrupts = 0;

  constructor(clock: Clock, { notify, pollNs = POLL_NS }: FrontendOptions) {
    this.clock = clock;
    this.changed = clock.waitQueue();
    this.pollNs = notify === 'poll' ? Math.max(pollNs, 1) : 0;
  }

  /** The queues that whoever waits serves. Notifications are off. */
  serve(queues: readonly CommandQueue[]): void {
    this.queues = queues;
    this.attention = false;
    for (const queue of queues) {
      queue.disableNotifications();
    }
  }

  /** The handler of a queue's interrupt. */
  onUsed(queue: CommandQueue): void {
    this.interrupts++;
    queue.disableNotifications();
    this.changed.wake();
  }

  /** The handler of a configuration change. */
  onConfigChange(): void {
    this.attention = true;
    this.changed.wake();
  }

  wake(): void {
    this.changed.wake();
  }

  /** Waits for somebody else's `wake`, and leaves the device alone. */
  async asleep(condition: () => boolean): Promise<void> {
    await this.changed.until(condition, 'resource');
  }

  /**
   * Waits until `condition` holds, or the device wants attention. What was collected is published
   * first. False: nothing came for a second.
   * @param asks  whether the queues are to notify of what is used.
   */
  async pause(
    condition: () => boolean,
    reason: WaitReason,
    asks: () => boolean = () => true,
  ): Promise<boolean> {
    const over = (): boolean => this.attention || this.holds(condition, asks);
    this.waiters++;
    try {
      return await (this.pollNs > 0
        ? this.poll(over)
        : this.changed.until(over, reason, PATIENCE_NS));
    } finally {
      this.waiters--;
    }
  }

  private async poll(over: () => boolean): Promise<boolean> {
    const deadline = this.clock.now() + PATIENCE_NS;
    while (!over()) {
      if (this.clock.now() >= deadline) {
        return false;
      }
      await this.clock.sleep(this.pollNs);
    }
    return true;
  }

  /**
   * Serves the queues and looks at the condition. When it does not hold, notifications are on, also
   * if the interrupt of a buffer that was taken long ago comes only now and turns them off.
   */
  private holds(condition: () => boolean, asks: () => boolean): boolean {
    for (;;) {
      const { interrupts } = this;
      const held = this.serviceAll() || condition();
      if (held && this.waiters === 1) {
        this.disableAll(); // nobody else needs them
      }
      if (
        held ||
        this.pollNs > 0 ||
        !asks() ||
        (this.enableAll() && this.interrupts === interrupts)
      ) {
        return held;
      }
    }
  }

  /** True: a queue is broken. */
  private serviceAll(): boolean {
    for (const queue of this.queues) {
      const { ended } = queue;
      queue.service();
      queue.flush();
      if (queue.ended !== ended) {
        this.changed.wake(); // others may wait for what has ended
      }
      this.attention ||= queue.broken !== undefined;
    }
    return this.attention;
  }

  private disableAll(): void {
    for (const queue of this.queues) {
      queue.disableNotifications();
    }
  }

  private enableAll(): boolean {
    let enabled = true;
    for (const queue of this.queues) {
      enabled = queue.enableNotifications() && enabled;
    }
    return enabled;
  }
}
