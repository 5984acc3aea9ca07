/**
 * What each vGPU has left of its time, as gvt_balance_timeslice deals it out (Linux,
 * drivers/gpu/drm/i915/gvt/sched_policy.c): every 100 ms each gets its part by weight, beside what
 * is left or owed of the parts before; but at every tenth time, *stage 0*, all that is forgotten,
 * and the parts are worked out anew for those that are there.
 *
 * Linux walks all vGPUs for that. Here a balance is one more in a count, and what a tenant has left
 * is computed when it is asked for.
 */
import type { Stateful } from '@doorbell/abi';

/** GVT_TS_BALANCE_PERIOD_MS. */
export const BALANCE_PERIOD_NS = 100_000_000;
/** GVT_TS_BALANCE_STAGE_NUM. */
const STAGES = 10;

export interface TimeSlicesState {
  readonly spent: Float64Array;
  readonly spentIn: Float64Array;
  readonly joinedAt: Float64Array;
  readonly balances: number;
  readonly unit: number;
  readonly totalWeight: number;
}

export class TimeSlices implements Stateful<TimeSlicesState> {
  private readonly weights: readonly number[];
  /** Of each: ns that it had in the round `spentIn`. */
  private readonly spent: Float64Array;
  private readonly spentIn: Float64Array;
  /** How many balances there had been when it came. It gets no part before the next stage 0. */
  private readonly joinedAt: Float64Array;
  /** ns a balance gives for each unit of weight, in this round. */
  private unit = 0;
  private totalWeight = 0;
  /** How many there have been. */
  balances = 0;

  constructor(weights: readonly number[]) {
    this.weights = weights;
    this.spent = new Float64Array(weights.length);
    this.spentIn = new Float64Array(weights.length);
    this.joinedAt = new Float64Array(weights.length);
  }

  join(tenant: number): void {
    this.totalWeight += this.weights[tenant];
    this.joinedAt[tenant] = this.balances;
    this.spent[tenant] = 0;
    this.spentIn[tenant] = this.round;
  }

  leave(tenant: number): void {
    this.totalWeight -= this.weights[tenant];
  }

  /** `times` balances, while nothing else happened. */
  balance(times: number): void {
    const before = this.round;
    this.balances += times;
    if (this.round !== before) {
      this.unit = this.totalWeight === 0 ? 0 : Math.floor(BALANCE_PERIOD_NS / this.totalWeight);
    }
  }

  charge(tenant: number, ns: number): void {
    this.spent[tenant] = this.spentOf(tenant) + ns;
    this.spentIn[tenant] = this.round;
  }

  /** In ns; less than 0 is a debt. */
  left(tenant: number): number {
    const stages = this.balances - this.round * STAGES;
    return this.partOf(tenant) * stages - this.spentOf(tenant);
  }

  /** At which balance, counted from the first, it has time left again if it runs no more. */
  solventAt(tenant: number): number {
    const part = this.partOf(tenant);
    const stages = part === 0 ? Infinity : Math.floor(this.spentOf(tenant) / part) + 1;
    return this.round * STAGES + (stages <= STAGES ? stages : STAGES + 1);
  }

  save(): TimeSlicesState {
    const { balances, unit, totalWeight } = this;
    return {
      spent: this.spent.slice(),
      spentIn: this.spentIn.slice(),
      joinedAt: this.joinedAt.slice(),
      balances,
      unit,
      totalWeight,
    };
  }

  load(state: TimeSlicesState): void {
    this.spent.set(state.spent);
    this.spentIn.set(state.spentIn);
    this.joinedAt.set(state.joinedAt);
    this.balances = state.balances;
    this.unit = state.unit;
    this.totalWeight = state.totalWeight;
  }

  /** From one stage 0 to the next, from 0; -1 before the first. */
  private get round(): number {
    return Math.floor((this.balances - 1) / STAGES);
  }

  private partOf(tenant: number): number {
    const isDealtIn = this.joinedAt[tenant] <= this.round * STAGES;
    return isDealtIn ? this.unit * this.weights[tenant] : 0;
  }

  private spentOf(tenant: number): number {
    return this.spentIn[tenant] === this.round ? this.spent[tenant] : 0;
  }
}
