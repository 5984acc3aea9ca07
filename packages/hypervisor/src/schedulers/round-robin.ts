/**
 * Turns. Those that have work stand in a line; the first has the engines for one slice, or until it
 * has no work, and goes to the end of the line. Nothing is remembered of who ran too long: a
 * packet longer than a slice is a turn longer than a slice.
 */
import type { Stateful } from '@doorbell/abi';
import { equalParts } from './due-parts.ts';
import type { Policy, PolicyView } from './policy-view.ts';
import { RunQueue, type RunQueueState } from './run-queue.ts';
import { checkShares, checkSlice, type SchedulerKind } from './scheduler-kind.ts';
import { TenantSet } from './tenant-set.ts';

export interface RoundRobinState {
  readonly tenants: Uint8Array;
  readonly line: RunQueueState;
  readonly current: number;
  readonly turnEnd: number;
}

export class RoundRobin implements Policy, Stateful<RoundRobinState> {
  private readonly sliceNs: number;
  private readonly tenants: TenantSet;
  /** Awake, and not the one whose turn it is. */
  private readonly line: RunQueue;
  /** Whose turn it is, awake; -1: nobody's. */
  private current = -1;
  private turnEnd = 0;

  constructor(size: number, sliceNs: number) {
    this.sliceNs = sliceNs;
    this.tenants = new TenantSet(size);
    this.line = new RunQueue(size);
  }

  join(tenant: number): void {
    this.tenants.join(tenant);
  }

  leave(tenant: number): void {
    if (this.tenants.isAwake(tenant)) {
      this.sleep(tenant);
    }
    this.tenants.leave(tenant);
  }

  wake(tenant: number): void {
    this.tenants.wake(tenant);
    this.line.addLast(tenant);
  }

  sleep(tenant: number): void {
    this.tenants.sleep(tenant);
    if (tenant === this.current) {
      this.current = -1;
    } else {
      this.line.remove(tenant);
    }
  }

  ran(): void {
    // Turns are measured by the clock.
  }

  pick(now: number): number {
    if (!this.line.isEmpty && (this.current === -1 || now >= this.turnEnd)) {
      this.nextTurn(now);
    }
    return this.current;
  }

  /** Who is alone has no end of its turn: whoever comes after a slice has its turn at once. */
  askAt(now: number): number {
    return this.line.isEmpty ? Infinity : Math.max(now, this.turnEnd);
  }

  describe(): PolicyView {
    return {
      turn: this.current,
      until: this.line.isEmpty ? Infinity : this.turnEnd,
      line: this.line.list(),
      tenants: this.tenants.describe(() => ({})),
    };
  }

  save(): RoundRobinState {
    const { current, turnEnd } = this;
    return { tenants: this.tenants.save(), line: this.line.save(), current, turnEnd };
  }

  load(state: RoundRobinState): void {
    this.tenants.load(state.tenants);
    this.line.load(state.line);
    this.current = state.current;
    this.turnEnd = state.turnEnd;
  }

  private nextTurn(now: number): void {
    const next = this.line.first;
    this.line.remove(next);
    if (this.current !== -1) {
      this.line.addLast(this.current);
    }
    this.current = next;
    this.turnEnd = now + this.sliceNs;
  }
}

export const roundRobin: SchedulerKind = {
  name: 'round-robin',
  doc: 'Whoever has work has a turn of one time slice; no time is left unused.',
  source: 'Round robin as the textbooks have it.',
  defaultSliceNs: () => 1_000_000,
  make(tenants, { sliceNs }) {
    checkShares('round-robin', tenants);
    checkSlice('round-robin', sliceNs, 1, 1_000_000_000);
    return new RoundRobin(tenants.length, sliceNs);
  },
  due: (_tenants, present) => equalParts(present),
};
