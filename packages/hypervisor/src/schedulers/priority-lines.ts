/** Xen's run queue for `credit`: one line for each priority, 0 first. */
import type { Stateful } from '@doorbell/abi';
import { RunQueue, type RunQueueState } from './run-queue.ts';

export class PriorityLines implements Stateful<readonly RunQueueState[]> {
  private readonly lines: readonly RunQueue[];
  /** Scratch of `sort`. */
  private readonly lasts: Int32Array;

  constructor(size: number, priorities: number) {
    this.lines = Array.from({ length: priorities }, () => new RunQueue(size));
    this.lasts = new Int32Array(priorities);
  }

  /** -1 for none. */
  get first(): number {
    for (const line of this.lines) {
      if (!line.isEmpty) {
        return line.first;
      }
    }
    return -1;
  }

  /** All, the first first. */
  list(): number[] {
    return this.lines.flatMap((line) => line.list());
  }

  add(tenant: number, priority: number): void {
    this.lines[priority].addLast(tenant);
  }

  /** If it is in one of them. */
  remove(tenant: number): void {
    for (const line of this.lines) {
      if (line.has(tenant)) {
        line.remove(tenant);
      }
    }
  }

  /**
   * Puts all where their priorities belong now [csched_runq_sort]. Those that drop into a line come
   * before those that were there, as they did all along.
   */
  sort(priorities: Uint8Array): void {
    for (let priority = 0; priority < this.lines.length; priority++) {
      this.lasts[priority] = this.lines[priority].last;
    }
    for (let priority = 0; priority < this.lines.length; priority++) {
      this.sortLine(this.lines[priority], this.lasts[priority], priorities);
    }
  }

  save(): RunQueueState[] {
    return this.lines.map((line) => line.save());
  }

  load(states: readonly RunQueueState[]): void {
    this.lines.forEach((line, priority) => line.load(states[priority]));
  }

  /** Those up to `last`: behind it are some that have dropped into the line already. */
  private sortLine(line: RunQueue, last: number, priorities: Uint8Array): void {
    for (let tenant = last === -1 ? -1 : line.first; tenant !== -1;) {
      const next = tenant === last ? -1 : line.after(tenant);
      line.remove(tenant);
      this.add(tenant, priorities[tenant]);
      tenant = next;
    }
  }
}
