/**
 * GVT-g's scheduler: Linux, drivers/gpu/drm/i915/gvt/sched_policy.c as of
 * 6.x, whose names for things stand in brackets.
 *
 * Every millisecond (GVT_DEFAULT_TIME_SLICE), and when one gets work (intel_gvt_kick_schedule), the
 * one used least recently of those that have work and time left is chosen (find_busy_vgpu), else
 * the idle vGPU. It comes in when the packet that runs is done (try_to_schedule_next_vgpu). Whoever
 * is in pays for all that time, packets or not (vgpu_update_timeslice), and keeps the engines
 * until another is chosen: if it runs out of work, they idle until the next tick.
 *
 * Not as there: a kick comes with a vGPU's first packet, not with each; and ticks come exactly on time.
 */
import type { Stateful } from '@doorbell/abi';
import { partsByWeight } from './due-parts.ts';
import type { Policy, PolicyView } from './policy-view.ts';
import { checkShares, checkSlice, SchedulerError, type SchedulerKind } from './scheduler-kind.ts';
import { TenantSet } from './tenant-set.ts';
import { BALANCE_PERIOD_NS, TimeSlices, type TimeSlicesState } from './time-slices.ts';
import { VgpuOrder, type VgpuOrderState } from './vgpu-order.ts';

/** GVT_SCHED_VGPU_PRI_TIME. */
const START_PRIORITY_NS = 2_000_000_000;
/** "Legal weights range from 1 to 16" (vgpu.c). */
const MOST_WEIGHT = 16;

/** The idle vGPU: nobody has the engines; what an order that is empty chooses. */
const IDLE = -1;
/** Nobody has been chosen. */
const NONE = -2;

export interface WeightedState {
  readonly tenants: Uint8Array;
  readonly slices: TimeSlicesState;
  readonly order: VgpuOrderState;
  readonly current: number;
  readonly next: number;
  readonly running: number;
  readonly chargedTo: number;
  readonly tickAt: number;
  readonly balanceAt: number;
}

export class Weighted implements Policy, Stateful<WeightedState> {
  private readonly tickNs: number;
  private readonly startPriorityNs: number;
  private readonly tenants: TenantSet;
  private readonly slices: TimeSlices;
  private readonly order: VgpuOrder;
  /** Who is in [current_vgpu]. */
  private current = IDLE;
  /** Who has been chosen, and comes in when the engines are free [next_vgpu]. */
  private next = NONE;
  /** Whose packet the engines have [current_workload]; IDLE for none. */
  private running = IDLE;
  /** Until when `current` has paid [sched_in_time]. */
  private chargedTo = 0;
  private tickAt = Infinity;
  /** The first tick from then on balances [expire_time]. */
  private balanceAt = 0;

  constructor(weights: readonly number[], tickNs: number, startPriorityNs = START_PRIORITY_NS) {
    this.tickNs = tickNs;
    this.startPriorityNs = startPriorityNs;
    this.tenants = new TenantSet(weights.length);
    this.slices = new TimeSlices(weights);
    this.order = new VgpuOrder(weights.length, this.slices);
  }

  /** [tbs_sched_start_schedule] */
  join(tenant: number, now: number): void {
    this.tickTo(now);
    this.tenants.join(tenant);
    if (this.tenants.present === 1) {
      this.tickAt = now + this.tickNs;
    }
    this.slices.join(tenant);
    this.order.join(tenant, now + this.startPriorityNs);
  }

  /** [intel_vgpu_stop_schedule]. With the last, the timer stops [tbs_sched_clean_vgpu]. */
  leave(tenant: number, now: number): void {
    this.tickTo(now);
    if (this.tenants.isAwake(tenant)) {
      this.doze(tenant);
    }
    this.tenants.leave(tenant);
    this.slices.leave(tenant);
    this.next = this.next === tenant ? NONE : this.next;
    this.current = this.current === tenant ? IDLE : this.current;
    this.running = this.running === tenant ? IDLE : this.running;
    if (this.tenants.present === 0) {
      this.tickAt = Infinity;
    }
  }

  wake(tenant: number, now: number): void {
    this.tickTo(now);
    this.tenants.wake(tenant);
    this.order.add(tenant);
    this.charge(now);
    this.schedule(now);
  }

  sleep(tenant: number, now: number): void {
    this.tickTo(now);
    this.doze(tenant);
  }

  /** What it pays is the time that it was in, not what its packets took. */
  ran(tenant: number, _ns: number, now: number): void {
    this.tickTo(now);
    this.running = this.running === tenant ? IDLE : this.running;
  }

  pick(now: number): number {
    this.tickTo(now);
    this.running = IDLE;
    this.comeIn(now);
    if (this.current !== IDLE && this.tenants.isAwake(this.current)) {
      this.running = this.current;
    }
    return this.running;
  }

  askAt(now: number): number {
    if (this.tenants.awake === 0) {
      return Infinity;
    }
    return this.next === NONE ? this.tickAt : now;
  }

  /** Who has been chosen but is not in yet stands first in the line. */
  describe(): PolicyView {
    const { current, next, order, slices } = this;
    const others = order.list().filter((tenant) => tenant !== current && tenant !== next);
    return {
      turn: current,
      until: this.tickAt,
      line: next >= 0 ? [next, ...others] : others,
      tenants: this.tenants.describe((tenant) => ({
        leftNs: slices.left(tenant),
        ...(order.isBroke(tenant) ? { waits: 'for a balance' } : {}),
      })),
    };
  }

  save(): WeightedState {
    const { current, next, running, chargedTo, tickAt, balanceAt } = this;
    return {
      tenants: this.tenants.save(),
      slices: this.slices.save(),
      order: this.order.save(),
      ...{ current, next, running, chargedTo, tickAt, balanceAt },
    };
  }

  load(state: WeightedState): void {
    this.tenants.load(state.tenants);
    this.slices.load(state.slices);
    this.order.load(state.order);
    this.current = state.current;
    this.next = state.next;
    this.running = state.running;
    this.chargedTo = state.chargedTo;
    this.tickAt = state.tickAt;
    this.balanceAt = state.balanceAt;
  }

  private doze(tenant: number): void {
    this.tenants.sleep(tenant);
    this.order.remove(tenant);
  }

  private tickTo(now: number): void {
    while (this.tickAt <= now) {
      this.tick(this.tickAt);
      this.tickAt += this.tickNs;
      this.passQuietTicks(now);
    }
  }

  /** [intel_gvt_schedule] */
  private tick(at: number): void {
    // The ticks that were passed over would have charged until the last of them.
    this.charge(at - this.tickNs);
    if (at >= this.balanceAt) {
      this.slices.balance(1);
      this.balanceAt = at + BALANCE_PERIOD_NS;
    }
    this.charge(at);
    this.schedule(at);
  }

  private charge(until: number): void {
    if (until > this.chargedTo) {
      if (this.current !== IDLE) {
        this.slices.charge(this.current, until - this.chargedTo);
      }
      this.chargedTo = until;
    }
  }

  /** [tbs_sched_func] */
  private schedule(now: number): void {
    if (this.next === NONE && this.tenants.present > 0) {
      this.next = this.order.choose(now);
    }
    this.comeIn(now);
  }

  /** [try_to_schedule_next_vgpu] */
  private comeIn(now: number): void {
    if (this.next === this.current) {
      this.next = NONE;
    } else if (this.next !== NONE && this.running === IDLE) {
      this.charge(now);
      this.chargedTo = now;
      this.current = this.next;
      this.next = NONE;
    }
  }

  /** After a tick, passes over those until `now` at which nothing would change: there is a tick each millisecond, and time may be long. */
  private passQuietTicks(now: number): void {
    if (this.tickAt > now) {
      return;
    }
    if (this.tenants.awake === 0 && this.current === IDLE && this.next === NONE) {
      this.rest(now);
    }
    const quiet = this.quietUntil();
    if (quiet > this.tickAt) {
      this.tickAt += this.ticks(Math.min(quiet, now + 1)) * this.tickNs;
    }
  }

  /** How many ticks come before `time`. */
  private ticks(time: number): number {
    return Math.max(0, Math.ceil((time - this.tickAt) / this.tickNs));
  }

  /** Nobody has work: there is nothing but balances. */
  private rest(now: number): void {
    const period = Math.ceil(BALANCE_PERIOD_NS / this.tickNs) * this.tickNs;
    const first = this.tickAt + this.ticks(this.balanceAt) * this.tickNs;
    if (first <= now) {
      const times = Math.floor((now - first) / period) + 1;
      this.slices.balance(times);
      this.balanceAt = first + (times - 1) * period + BALANCE_PERIOD_NS;
    }
    this.tickAt += this.ticks(now + 1) * this.tickNs;
  }

  /** Before then a tick would choose as the last one did; 0: perhaps the next one would not. */
  private quietUntil(): number {
    const { current, running } = this;
    if (running !== IDLE && this.next !== NONE) {
      return this.balanceAt;
    }
    if (running !== IDLE && running === current) {
      return Math.min(this.balanceAt, this.order.aloneUntil(current, this.chargedTo));
    }
    const nobody = running === IDLE && current === IDLE && this.order.isEmpty;
    return nobody ? this.balanceAt : 0;
  }
}

export const weighted: SchedulerKind = {
  name: 'weighted',
  doc: 'Time in proportion to weight, dealt out every 100 ms and settled every second; who has used its part waits, even if nobody else has work.',
  source: "GVT-g: Linux, drivers/gpu/drm/i915/gvt/sched_policy.c, 'tbs', 6.x.",
  defaultSliceNs: () => 1_000_000,
  make(tenants, { sliceNs, startPriorityNs = START_PRIORITY_NS }) {
    checkShares('weighted', tenants, MOST_WEIGHT);
    if (!(startPriorityNs >= 0)) {
      throw new SchedulerError(
        `A start's priority lasts ${startPriorityNs} ns, but it must be 0 or more.`,
      );
    }
    checkSlice('weighted', sliceNs, 1000, BALANCE_PERIOD_NS);
    return new Weighted(
      tenants.map(({ weight }) => weight),
      sliceNs,
      startPriorityNs,
    );
  },
  due: partsByWeight,
};
