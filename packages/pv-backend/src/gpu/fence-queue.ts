/**
 * Fenced commands whose work is not over: answered in the order in which they came, each when the
 * renderer has done all work up to it. The renderer has one order of work, so one queue serves
 * every timeline of VIRTIO 1.3 §5.7.6.7: those of contexts and rings, and the one without.
 */
import { type Fence, type Gpu, GpuError, type WaitQueue } from '@doorbell/abi';
import type { LiveQueue } from '../live-queue.ts';
import type { Turns } from './turns.ts';

export interface FencedCommand {
  readonly queue: LiveQueue;
  /** What has to be over. */
  readonly fence: Fence;
  /** Sends its response; `error`: what became of the work. It is not sent at once. */
  readonly complete: (error: GpuError | undefined) => Promise<void>;
}

export class FenceQueue {
  private readonly renderer: Gpu;
  private readonly bell: WaitQueue;
  private readonly turns: Turns | undefined;
  private readonly waiting: FencedCommand[] = [];
  /** All work up to here is over. */
  private over: Fence = 0;
  private isEnding = false;

  /** @param turns  absent: this has the thread to itself. */
  constructor(renderer: Gpu, bell: WaitQueue, turns?: Turns) {
    this.renderer = renderer;
    this.bell = bell;
    this.turns = turns;
  }

  /** Whether a fenced command may be answered now: no other is before it, and its work is over. */
  isOver(fence: Fence): boolean {
    return this.waiting.length === 0 && fence <= this.over;
  }

  add(command: FencedCommand): void {
    this.waiting.push(command);
    this.bell.wake();
  }

  /** Nothing of this driver is answered any more. */
  forget(isForgotten: (queue: LiveQueue) => boolean): void {
    const kept = this.waiting.filter(({ queue }) => !isForgotten(queue));
    this.waiting.splice(0, this.waiting.length, ...kept);
  }

  end(): void {
    this.isEnding = true;
    this.bell.wake();
  }

  /** The task: until `end`. */
  async run(): Promise<void> {
    for (;;) {
      await this.bell.until(() => this.isEnding || this.waiting.length > 0, 'queue');
      if (this.isEnding) {
        return;
      }
      await this.completeFirst();
      if (this.turns?.isOver === true) {
        await this.turns.give();
      }
    }
  }

  private async completeFirst(): Promise<void> {
    const first = this.waiting[0];
    const error = await this.waitFor(first.fence);
    const queues = new Set<LiveQueue>();
    // A reset may have emptied the queue meanwhile; what is behind the first may be over as well.
    for (let next = this.waiting[0]; this.isNext(next); next = this.waiting[0]) {
      await next.complete(next === first ? error : undefined);
      queues.add(next.queue);
      // Only now: until it is answered, no later one may be.
      if (this.waiting[0] === next) {
        this.waiting.shift();
      }
    }
    for (const queue of queues) {
      queue.publish();
    }
  }

  private isNext(command: FencedCommand | undefined): command is FencedCommand {
    return command !== undefined && command.fence <= this.over;
  }

  private async waitFor(fence: Fence): Promise<GpuError | undefined> {
    if (fence <= this.over) {
      return undefined;
    }
    try {
      await this.renderer.wait(fence);
      return undefined;
    } catch (error) {
      if (error instanceof GpuError) {
        return error;
      }
      throw error;
    } finally {
      this.over = Math.max(this.over, fence);
    }
  }
}
