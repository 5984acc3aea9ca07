/**
 * The credits of Xen's scheduler credit1: what each tenant has, earns and burns, as csched_acct and
 * burn_credits work it out (xen-project/xen, xen/common/sched/credit.c), for domains of one vCPU on
 * one processor. 10 credits are a millisecond.
 */
import type { Stateful } from '@doorbell/abi';
import { RunQueue, type RunQueueState } from './run-queue.ts';
import type { TenantShare } from './scheduler-kind.ts';

/** CSCHED_CREDITS_PER_MSEC. */
const CREDITS_PER_MS = 10;
const NS_PER_MS = 1_000_000;

export interface CreditAccountsState {
  readonly credits: Float64Array;
  readonly residues: Float64Array;
  readonly active: RunQueueState;
  readonly weight: number;
  readonly balance: number;
}

export class CreditAccounts implements Stateful<CreditAccountsState> {
  private readonly shares: readonly TenantShare[];
  /** What one that always runs burns from one accounting to the next. */
  readonly perSlice: number;
  private readonly credits: Float64Array;
  /** Of each: burnt, but not yet a whole credit; in millionths of one. */
  private readonly residues: Float64Array;
  /** Those that earn. Who was seen running does, until it has more than it can use. */
  private readonly active: RunQueue;
  private weight = 0;
  /** Of the active ones together, at the last accounting. */
  private balance = 0;

  constructor(shares: readonly TenantShare[], sliceNs: number) {
    this.shares = shares;
    this.perSlice = Math.floor((sliceNs * CREDITS_PER_MS) / NS_PER_MS);
    this.credits = new Float64Array(shares.length);
    this.residues = new Float64Array(shares.length);
    this.active = new RunQueue(shares.length);
  }

  of(tenant: number): number {
    return this.credits[tenant];
  }

  get isAnyActive(): boolean {
    return !this.active.isEmpty;
  }

  /** As if it had never been there. */
  clear(tenant: number): void {
    this.deactivate(tenant);
    this.credits[tenant] = this.residues[tenant] = 0;
  }

  activate(tenant: number): void {
    if (!this.active.has(tenant)) {
      this.active.addFirst(tenant);
      this.weight += this.shares[tenant].weight;
    }
  }

  burn(tenant: number, ns: number): void {
    const value = ns * CREDITS_PER_MS + this.residues[tenant];
    const whole = Math.floor(value / NS_PER_MS);
    this.residues[tenant] = value - whole * NS_PER_MS;
    this.credits[tenant] -= whole;
  }

  /** The credit that a cap allows in a period; 0: there is no cap. */
  capOf(tenant: number): number {
    return Math.ceil((this.shares[tenant].cap * this.perSlice) / 100);
  }

  /**
   * Deals a period's credits out among the active. What one cannot use, because of its cap or because
   * it would have more than a period's, goes to those that come behind it; so whoever could
   * have had more is put first, and the others come behind it the next time.
   * @param settled  told each that has been given its part, to set its priority by.
   */
  deal(settled: (tenant: number, credit: number) => void): void {
    const { active, weight } = this;
    let total = this.perSlice + Math.max(0, -this.balance);
    let left = weight;
    let sum = 0;
    let isAnyShort = false;
    for (let tenant = active.first; tenant !== -1;) {
      const next = active.after(tenant);
      const own = this.shares[tenant].weight;
      const peak = this.peakOf(tenant, weight);
      let fair = Math.ceil((total * own) / weight);
      left -= own;
      if (fair < peak) {
        isAnyShort = true;
      } else {
        total += left === 0 ? 0 : Math.ceil(((fair - peak) * weight) / left);
        if (isAnyShort) {
          active.remove(tenant);
          active.addFirst(tenant);
        }
        fair = peak;
      }
      this.credits[tenant] += fair;
      settled(tenant, this.credits[tenant]);
      sum += this.limit(tenant);
      tenant = next;
    }
    this.balance = sum;
  }

  save(): CreditAccountsState {
    return {
      credits: this.credits.slice(),
      residues: this.residues.slice(),
      active: this.active.save(),
      weight: this.weight,
      balance: this.balance,
    };
  }

  load(state: CreditAccountsState): void {
    this.credits.set(state.credits);
    this.residues.set(state.residues);
    this.active.load(state.active);
    this.weight = state.weight;
    this.balance = state.balance;
  }

  /** At most a period's; more only while all together are in debt. */
  private peakOf(tenant: number, weight: number): number {
    const owed = Math.max(0, -this.balance) * this.shares[tenant].weight;
    const peak = this.perSlice + Math.ceil(owed / weight);
    const cap = this.capOf(tenant);
    return cap === 0 ? peak : Math.min(peak, cap);
  }

  /** Nobody owes or saves more than a period's. Who has more does not need it: it earns no more until it is seen running again. */
  private limit(tenant: number): number {
    const credit = Math.max(this.credits[tenant], -this.perSlice);
    if (credit > this.perSlice) {
      this.deactivate(tenant);
    }
    this.credits[tenant] = credit > this.perSlice ? Math.floor(credit / 2) : credit;
    return this.credits[tenant];
  }

  private deactivate(tenant: number): void {
    if (this.active.has(tenant)) {
      this.active.remove(tenant);
      this.weight -= this.shares[tenant].weight;
    }
  }
}
