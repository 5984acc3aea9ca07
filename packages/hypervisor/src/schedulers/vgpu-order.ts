/**
 * In which order vGPUs come to the engines: the least recently used first of those that have work
 * and time left (lru_runq_head and find_busy_vgpu of GVT-g's sched_policy.c, as `weighted` has them).
 */
import type { Stateful } from '@doorbell/abi';
import { TenantHeap, type TenantHeapState } from './tenant-heap.ts';
import type { TimeSlices } from './time-slices.ts';

export interface VgpuOrderState {
  readonly ready: TenantHeapState;
  readonly broke: TenantHeapState;
  readonly used: Float64Array;
  readonly priorityUntil: Float64Array;
  readonly firstUse: number;
  readonly lastUse: number;
}

export class VgpuOrder implements Stateful<VgpuOrderState> {
  private readonly slices: TimeSlices;
  /**
   * Awake, by `used`. Whether one has time left is looked at when it is first: if not, it waits
   * among the broke, for the balance that gives it some. So each choice that finds one such was
   * paid for by the choice that let it run: O(log n) for each call, amortized.
   */
  private readonly ready: TenantHeap;
  private readonly broke: TenantHeap;
  /** Order of last use, of all: the least recent has the least. */
  private readonly used: Float64Array;
  /** Until then it needs no time left, and stays where it is in the order [pri_time]. */
  private readonly priorityUntil: Float64Array;
  private firstUse = 0;
  private lastUse = 0;

  constructor(size: number, slices: TimeSlices) {
    this.slices = slices;
    this.ready = new TenantHeap(size);
    this.broke = new TenantHeap(size);
    this.used = new Float64Array(size);
    this.priorityUntil = new Float64Array(size);
  }

  /** It comes before all others, until then whatever it has used. */
  join(tenant: number, priorityUntil: number): void {
    this.priorityUntil[tenant] = priorityUntil;
    this.used[tenant] = --this.firstUse;
  }

  add(tenant: number): void {
    this.ready.set(tenant, this.used[tenant]);
  }

  remove(tenant: number): void {
    this.ready.remove(tenant);
    this.broke.remove(tenant);
  }

  /** Who may have the engines, and comes after all others from now on; -1: nobody. */
  choose(now: number): number {
    const chosen = this.find(now);
    if (chosen !== -1 && this.priorityUntil[chosen] <= now) {
      this.used[chosen] = ++this.lastUse;
      this.add(chosen);
    }
    return chosen;
  }

  /** Awake, and perhaps with time left: the next to be chosen first. */
  list(): number[] {
    return this.ready.list();
  }

  /** It was found to have no time left, and waits until it is given some. */
  isBroke(tenant: number): boolean {
    return this.broke.has(tenant);
  }

  /** Whether nobody could be chosen before the next balance. */
  get isEmpty(): boolean {
    return this.ready.first === -1;
  }

  /**
   * Until when it alone would be chosen, if there is no balance and nobody wakes. 0: perhaps another would.
   * @param chosenAt  when it last was, and until when it has paid.
   */
  aloneUntil(tenant: number, chosenAt: number): number {
    if (this.ready.first !== tenant) {
      return 0;
    }
    const priorityUntil = this.priorityUntil[tenant];
    return priorityUntil > chosenAt ? priorityUntil : chosenAt + this.slices.left(tenant);
  }

  save(): VgpuOrderState {
    return {
      ready: this.ready.save(),
      broke: this.broke.save(),
      used: this.used.slice(),
      priorityUntil: this.priorityUntil.slice(),
      firstUse: this.firstUse,
      lastUse: this.lastUse,
    };
  }

  load(state: VgpuOrderState): void {
    this.ready.load(state.ready);
    this.broke.load(state.broke);
    this.used.set(state.used);
    this.priorityUntil.set(state.priorityUntil);
    this.firstUse = state.firstUse;
    this.lastUse = state.lastUse;
  }

  private find(now: number): number {
    while (this.broke.firstKey <= this.slices.balances) {
      const rich = this.broke.first;
      this.broke.remove(rich);
      this.add(rich);
    }
    for (let first = this.ready.first; first !== -1; first = this.ready.first) {
      if (this.priorityUntil[first] > now || this.slices.left(first) > 0) {
        return first;
      }
      this.ready.remove(first);
      this.broke.set(first, this.slices.solventAt(first));
    }
    return -1;
  }
}
