import { expect, test } from 'vitest';
import type { CommandQueue } from '../src/command-queue.ts';
import { Waiting } from '../src/waiting.ts';
import { ManualClock } from '../testing/manual-clock.ts';

/**
 * A queue on a device that is slow to interrupt: what was used is taken by who looked for it, and
 * its interrupt comes while notifications are asked for again, as handlers run at any access.
 */
class SlowQueue {
  ended = 0;
  readonly broken = undefined;
  notifies = true;
  late: (() => void) | undefined;

  service(): void {}
  flush(): void {}

  disableNotifications(): void {
    this.notifies = false;
  }

  enableNotifications(): boolean {
    this.notifies = true;
    const { late } = this;
    this.late = undefined;
    late?.();
    return true;
  }
}

test('2.7.7: an interrupt that comes late does not leave notifications off during a wait', async () => {
  const clock = new ManualClock();
  const waiting = new Waiting(clock, {
    ring: 'split',
    notify: 'interrupt',
    batch: 1,
    recover: false,
  });
  const queue = new SlowQueue();
  const served = queue as unknown as CommandQueue;
  waiting.serve([served]);
  queue.late = () => {
    waiting.onUsed(served);
  };
  let over = false;
  const wait = waiting.pause(() => over, 'queue');
  expect(queue.late).toBeUndefined();
  expect(queue.notifies).toBe(true);
  over = true;
  waiting.onUsed(served);
  await expect(wait).resolves.toBe(true);
});
