/** A device's timers by the wall clock: what is armed, and how long until the first is due. */
import { performance } from 'node:perf_hooks';
import type { Timers } from '@doorbell/abi';

const NS_PER_MS = 1_000_000;

export class Deadlines implements Timers {
  /** When each is due, in nanoseconds. */
  private readonly due = new Map<number, number>();
  private readonly onArmed: () => void;

  /** @param onArmed  runs when a wait that is under way may have become too long. */
  constructor(onArmed: () => void = () => {}) {
    this.onArmed = onArmed;
  }

  now(): number {
    return Math.round(performance.now() * NS_PER_MS);
  }

  arm(id: number, ns: number): void {
    this.due.set(id, this.now() + ns);
    this.onArmed();
  }

  disarm(id: number): void {
    this.due.delete(id);
  }

  clear(): void {
    this.due.clear();
  }

  private first(): readonly [number, number] | undefined {
    return [...this.due].reduce<readonly [number, number] | undefined>(
      (first, each) => (first === undefined || each[1] < first[1] ? each : first),
      undefined,
    );
  }

  /** In whole milliseconds, rounded up; -1: nothing is armed. As poll(2) takes it. */
  get timeoutMs(): number {
    const first = this.first();
    return first === undefined ? -1 : Math.max(0, Math.ceil((first[1] - this.now()) / NS_PER_MS));
  }

  /** Takes out the first that is due; undefined: none is. */
  take(): number | undefined {
    const first = this.first();
    if (first === undefined || first[1] > this.now()) {
      return undefined;
    }
    this.due.delete(first[0]);
    return first[0];
  }
}
