/**
 * Doorbells of two threads: words in memory that both share. Ringing counts a queue's word up and
 * wakes whoever waits at the other end; nothing of it passes through an event loop's queue.
 */
import type { Side } from './messages.ts';

/** Queues that have a doorbell. */
export const MAX_DOORBELLS = 64;

/** The doorbell that says that there are messages. */
const MESSAGES = MAX_DOORBELLS;
/** One word per side that it waits on, then one per doorbell and side. */
const WORDS = 2 + 2 * (MAX_DOORBELLS + 1);

/**
 * How a side waits, from the fastest to the kindest way. When nothing else of its thread can go on
 * it looks, about 50 µs, which spares both threads the sleep where each has a core. Then it blocks
 * the thread, so often for so many milliseconds, with a turn of the event loop after each: less
 * than a tick of the host's kernel and each wait sets a timer, which costs a virtual machine more
 * than the wait. Then it waits beside the event loop, which wakes up slowest.
 */
const LOOKS = 10_000;
const BLOCKS_MS = [5, 5];
/** Waits in a row without looking, where looking has not paid: the threads may share a core. */
const MOST_SKIPPED = 511;
/** Doorbells that may follow each other without a turn of the event loop. */
const BURST = 64;

/** ECMAScript 2024, §25.4.15. */
interface AsyncWait {
  waitAsync(
    words: Int32Array,
    index: number,
    value: number,
  ): { readonly async: boolean; readonly value: unknown };
}

const asyncAtomics = Atomics as unknown as AsyncWait;

/** The thread's event loop. The thread must be one that may block. */
export interface ThreadLoop {
  /** Resolves when every task that is ready has gone on as far as it can. */
  settle(): Promise<void>;
  /** Lets the event loop turn once: timers, ports and signals have theirs. */
  turn(): Promise<void>;
}

export class Doorbells {
  private readonly words: Int32Array;
  private readonly own: number;
  private readonly others: number;
  /** The doorbells of the own side, as they were when they were looked at last. */
  private readonly seen = new Int32Array(MAX_DOORBELLS + 1);
  private last = 0;
  private readonly loop: ThreadLoop;
  private burst = 0;
  /** Waits that are to go by without looking, and that have. */
  private skip = 0;
  private skipped = 0;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * WORDS);
  }

  /** @param side  whose end this is. */
  constructor(buffer: SharedArrayBuffer, side: Side, loop: ThreadLoop) {
    this.loop = loop;
    this.words = new Int32Array(buffer);
    this.own = side === 'driver' ? 0 : 1;
    this.others = 1 - this.own;
  }

  /** Rings the other side's doorbell of a queue. */
  ring(queue: number): void {
    Atomics.add(this.words, this.word(this.others, queue), 1);
    Atomics.add(this.words, this.others, 1);
    Atomics.notify(this.words, this.others);
  }

  /** Its own side goes on, though nobody has rung. */
  wake(): void {
    Atomics.add(this.words, this.own, 1);
    Atomics.notify(this.words, this.own);
  }

  /** Tells the other side that there is a message. */
  ringMessages(): void {
    this.ring(MESSAGES);
  }

  /** How many messages the other side has told of since the last time. */
  takeMessages(): number {
    return this.take(MESSAGES);
  }

  /** Calls with each queue that was rung since the last time. */
  eachRung(queues: number, answer: (queue: number) => void): void {
    for (let queue = 0; queue < queues; queue++) {
      if (this.take(queue) > 0) {
        answer(queue);
      }
    }
  }

  /** How often it was rung since the last time. */
  private take(doorbell: number): number {
    const count = Atomics.load(this.words, this.word(this.own, doorbell));
    const rung = (count - this.seen[doorbell]) >>> 0;
    this.seen[doorbell] = count;
    return rung;
  }

  /** Resolves when the other side has rung or waked since the last time that this resolved. */
  async rung(): Promise<void> {
    if (++this.burst > BURST) {
      await this.turnLoop();
    }
    await this.loop.settle();
    if (this.quiet() && this.mayLook()) {
      this.look();
    }
    for (let block = 0; block < BLOCKS_MS.length && this.quiet(); block++) {
      if (Atomics.wait(this.words, this.own, this.last, BLOCKS_MS[block]) === 'timed-out') {
        await this.turnLoop();
      }
    }
    while (this.quiet()) {
      await asyncAtomics.waitAsync(this.words, this.own, this.last).value;
    }
    this.last = Atomics.load(this.words, this.own);
  }

  private mayLook(): boolean {
    return this.skipped++ >= this.skip;
  }

  /** Half as often when it has not paid, four times as often when it has. */
  private look(): void {
    for (let looks = 0; looks < LOOKS && this.quiet(); looks++) {
      // Nothing else of this thread could go on.
    }
    this.skipped = 0;
    this.skip = this.quiet() ? Math.min(MOST_SKIPPED, 2 * this.skip + 1) : this.skip >> 2;
  }

  private async turnLoop(): Promise<void> {
    this.burst = 0;
    await this.loop.turn();
  }

  private quiet(): boolean {
    return Atomics.load(this.words, this.own) === this.last;
  }

  private word(side: number, doorbell: number): number {
    return 2 + side * (MAX_DOORBELLS + 1) + doorbell;
  }
}
