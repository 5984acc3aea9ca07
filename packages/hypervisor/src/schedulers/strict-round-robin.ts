/**
 * The strict round robin of NVIDIA's equal share and fixed share, which is their default: each in the
 * ring has the engines for one slot after the other, and what it does not use of a slot is nobody's.
 *
 * A packet may outlast its slot. The rest is that tenant's *overshoot*, and the next slot begins
 * when the packet is done. Whenever a slot of it begins, the slot is shorter by the overshoot divided
 * by the *averaging factor*, and the overshoot is less by as much (Virtual GPU Software User Guide,
 * "Scheduling Policies for Time-Sliced vGPUs"). So, over time, each has had one slice a round.
 *
 * The guide's GPU preempts, so overshoots are small there. Ours may not: one that owes more than
 * makes a whole slot sits the slot out. Such a slot still lasts 1 ns, so that the ring never
 * turns without time, and no call has to skip more than one.
 */
import type { Stateful } from '@doorbell/abi';
import type { Policy, PolicyView } from './policy-view.ts';
import { TenantRing } from './tenant-ring.ts';
import { TenantSet } from './tenant-set.ts';

/** The default of RmPVMRL's field AA. */
export const AVERAGING_FACTOR = 33;

export interface StrictRoundRobinState {
  readonly tenants: Uint8Array;
  readonly ring: Int32Array;
  readonly overshoot: Float64Array;
  readonly ends: Float64Array;
  readonly owner: number;
  readonly slotEnd: number;
  readonly sitsOut: boolean;
  readonly running: number;
}

export class StrictRoundRobin implements Policy, Stateful<StrictRoundRobinState> {
  private readonly sliceNs: number;
  /** Whether every tenant has its slot at all times: fixed share. */
  private readonly isFixed: boolean;
  private readonly tenants: TenantSet;
  private readonly ring: TenantRing;
  /** Of each, in ns: what it had beyond its slots, and has not been short of since. */
  private readonly overshoot: Float64Array;
  /** When the last slot of each ended, or will. */
  private readonly ends: Float64Array;
  /** Whose slot it is; it may have left. -1: nobody had one yet. */
  private owner = -1;
  private slotEnd = 0;
  private sitsOut = false;
  /** Whose packet the engines have; -1: none. */
  private running = -1;

  constructor(size: number, sliceNs: number, isFixed: boolean) {
    this.sliceNs = sliceNs;
    this.isFixed = isFixed;
    this.tenants = new TenantSet(size);
    this.ring = new TenantRing(size);
    this.overshoot = new Float64Array(size);
    this.ends = new Float64Array(size);
    for (let tenant = 0; isFixed && tenant < size; tenant++) {
      this.ring.add(tenant);
    }
  }

  join(tenant: number, now: number): void {
    this.tenants.join(tenant);
    if (this.isFixed) {
      return;
    }
    this.turn(now);
    if (this.ring.count === 0) {
      this.slotEnd = now;
    }
    this.ring.add(tenant);
  }

  leave(tenant: number, now: number): void {
    if (this.tenants.isAwake(tenant)) {
      this.tenants.sleep(tenant);
    }
    this.tenants.leave(tenant);
    this.overshoot[tenant] = 0;
    if (this.isFixed) {
      return;
    }
    this.turn(now);
    if (tenant === this.owner) {
      this.slotEnd = Math.min(this.slotEnd, now);
    }
    this.ring.remove(tenant);
  }

  wake(tenant: number): void {
    this.tenants.wake(tenant);
  }

  sleep(tenant: number): void {
    this.tenants.sleep(tenant);
  }

  ran(tenant: number, ns: number, now: number): void {
    this.overshoot[tenant] += Math.min(ns, Math.max(0, now - this.ends[tenant]));
    if (tenant === this.running) {
      this.running = -1;
    }
    if (tenant === this.owner) {
      this.slotEnd = Math.max(this.slotEnd, now);
    }
  }

  pick(now: number): number {
    this.running = -1;
    this.turn(now);
    if (this.owner !== -1 && !this.sitsOut && this.tenants.isAwake(this.owner)) {
      this.running = this.owner;
    }
    return this.running;
  }

  askAt(now: number): number {
    return this.tenants.awake === 0 ? Infinity : Math.max(now, this.slotEnd);
  }

  /** A slot is its owner's, whether that has work or not. */
  describe(): PolicyView {
    const { ring, owner, tenants, sitsOut, overshoot } = this;
    const round = Array.from({ length: ring.count }, (_, step) => ring.after(owner, step + 1));
    return {
      turn: owner,
      until: this.slotEnd,
      line: round.filter((tenant) => tenant !== owner && tenants.isAwake(tenant)),
      tenants: tenants.describe((tenant) => ({
        overshootNs: overshoot[tenant],
        ...(sitsOut && tenant === owner ? { slot: 'sits it out' } : {}),
      })),
    };
  }

  save(): StrictRoundRobinState {
    const { owner, slotEnd, sitsOut, running } = this;
    return {
      tenants: this.tenants.save(),
      ring: this.ring.save(),
      overshoot: this.overshoot.slice(),
      ends: this.ends.slice(),
      owner,
      slotEnd,
      sitsOut,
      running,
    };
  }

  load(state: StrictRoundRobinState): void {
    this.tenants.load(state.tenants);
    this.ring.load(state.ring);
    this.overshoot.set(state.overshoot);
    this.ends.set(state.ends);
    this.owner = state.owner;
    this.slotEnd = state.slotEnd;
    this.sitsOut = state.sitsOut;
    this.running = state.running;
  }

  /**
   * Turns the ring to the slot of now. While nobody had work nobody asked, and whole slots may have
   * passed. A packet that outlasts its slot holds the ring.
   */
  private turn(now: number): void {
    if (this.running !== -1 || this.ring.count === 0 || now < this.slotEnd) {
      return;
    }
    const passed = Math.floor((now - this.slotEnd) / this.sliceNs);
    this.owner = this.ring.after(this.owner, 1 + passed);
    this.begin(this.slotEnd + passed * this.sliceNs, now);
  }

  /** A slot that began at `start`, no longer than a slice ago. */
  private begin(start: number, now: number): void {
    const { owner } = this;
    const owed = this.overshoot[owner];
    const less = Math.min(Math.floor(owed / AVERAGING_FACTOR), this.sliceNs - 1);
    const end = start + this.sliceNs - less;
    this.overshoot[owner] = owed - less;
    this.sitsOut = end <= now + 1;
    this.slotEnd = this.ends[owner] = Math.max(end, now + 1);
  }
}
