/**
 * Tenants in a line: a doubly linked list through two arrays, so that each enters and leaves in
 * O(1) and nothing is allocated. The place behind the last tenant is the list's own, and closes it
 * into a ring, which spares every special case.
 */
import type { Stateful } from '@doorbell/abi';

const OUT = -1;

export interface RunQueueState {
  readonly next: Int32Array;
  readonly previous: Int32Array;
}

export class RunQueue implements Stateful<RunQueueState> {
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly end: number;

  constructor(size: number) {
    this.end = size;
    this.next = new Int32Array(size + 1).fill(OUT);
    this.previous = new Int32Array(size + 1).fill(OUT);
    this.next[size] = this.previous[size] = size;
  }

  get isEmpty(): boolean {
    return this.next[this.end] === this.end;
  }

  /** -1 for none. */
  get first(): number {
    return this.after(this.end);
  }

  /** -1 for none. */
  get last(): number {
    const tenant = this.previous[this.end];
    return tenant === this.end ? -1 : tenant;
  }

  /** Who stands behind it; -1: it is the last. */
  after(tenant: number): number {
    const next = this.next[tenant];
    return next === this.end ? -1 : next;
  }

  /** All, the first first. */
  list(): number[] {
    const tenants: number[] = [];
    for (let tenant = this.first; tenant !== -1; tenant = this.after(tenant)) {
      tenants.push(tenant);
    }
    return tenants;
  }

  has(tenant: number): boolean {
    return this.next[tenant] !== OUT;
  }

  addFirst(tenant: number): void {
    this.link(tenant, this.end, this.next[this.end]);
  }

  addLast(tenant: number): void {
    this.link(tenant, this.previous[this.end], this.end);
  }

  remove(tenant: number): void {
    const before = this.previous[tenant];
    const behind = this.next[tenant];
    this.next[before] = behind;
    this.previous[behind] = before;
    this.next[tenant] = this.previous[tenant] = OUT;
  }

  save(): RunQueueState {
    return { next: this.next.slice(), previous: this.previous.slice() };
  }

  load({ next, previous }: RunQueueState): void {
    this.next.set(next);
    this.previous.set(previous);
  }

  private link(tenant: number, before: number, behind: number): void {
    this.next[before] = this.previous[behind] = tenant;
    this.next[tenant] = behind;
    this.previous[tenant] = before;
  }
}
