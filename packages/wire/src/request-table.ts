/** Requests that wait for their answers. */
import type { Clock, WaitQueue } from '@doorbell/abi';
import type { AnsweredName, ResponseFields } from './codec.ts';

interface Pending {
  readonly name: AnsweredName;
  readonly queue: WaitQueue;
  answer: object | undefined;
}

export class RequestTable {
  private readonly clock: Clock;
  private readonly pending = new Map<number, Pending>();
  private lastToken = 0;
  private closed = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A token for a request that is about to be sent. */
  open(name: AnsweredName): number {
    do {
      this.lastToken = (this.lastToken + 1) >>> 0;
    } while (this.pending.has(this.lastToken));
    this.pending.set(this.lastToken, { name, queue: this.clock.waitQueue(), answer: undefined });
    return this.lastToken;
  }

  /**
   * The answer, or undefined when none came in time, or can come any more.
   * @param spans  in nanoseconds, each from the end of the one before, whenever that is noticed.
   */
  async wait<N extends AnsweredName>(
    token: number,
    spans: readonly number[],
  ): Promise<ResponseFields<N> | undefined> {
    const pending = this.pending.get(token);
    const over = (): boolean => this.closed || pending?.answer !== undefined;
    for (const timeoutNs of spans) {
      await pending?.queue.until(over, 'queue', timeoutNs);
    }
    this.pending.delete(token);
    return pending?.answer as ResponseFields<N> | undefined;
  }

  /** False: nothing of this name waits for an answer with this token. */
  settle(name: AnsweredName, token: number, answer: object): boolean {
    const pending = this.pending.get(token);
    if (pending?.name !== name || pending.answer !== undefined) {
      return false;
    }
    pending.answer = answer;
    pending.queue.wake();
    return true;
  }

  /** Ends all waits. */
  close(): void {
    this.closed = true;
    for (const { queue } of this.pending.values()) {
      queue.wake();
    }
  }
}
