/**
 * Xen's scheduler credit1 (xen-project/xen, xen/common/sched/credit.c), whose names stand in
 * brackets, with the GPU for its one processor.
 *
 * A tenant is UNDER while it has credits, OVER when it has none, and BOOSTed when it wakes
 * with credits, until it is seen running at a tick. Those that wait stand by priority, and
 * within one in order of coming. Whoever is in stays for a slice, unless it sleeps or one of higher
 * priority wakes. At every third tick, a slice, credits are dealt out by weight [csched_acct]; who has
 * overdrawn its cap is parked: it does not run, whoever else has work, until it has credits again.
 *
 * Only who runs at a tick is seen, by its accounts and its cap, as in Xen: one that sleeps at each tick
 * gets away with what it uses.
 *
 * Left out, since there is one processor and a tenant is one vCPU: affinity, migration, load
 * balancing, stealing; and yielding, which no GPU's packet can. What Xen sorts at the next tick after an
 * accounting is sorted with it here, and a BOOST always comes before an UNDER.
 *
 * Each call is O(1), except that one in each slice deals out credits, which is O(n), as in Xen.
 */
import type { Stateful } from '@doorbell/abi';
import { CreditAccounts, type CreditAccountsState } from './credit-accounts.ts';
import { partsByWeightAndCap } from './due-parts.ts';
import type { Policy, PolicyView } from './policy-view.ts';
import { PriorityLines } from './priority-lines.ts';
import { RunQueue, type RunQueueState } from './run-queue.ts';
import { checkShares, checkSlice, type SchedulerKind, type TenantShare } from './scheduler-kind.ts';
import { TenantSet } from './tenant-set.ts';

const NS_PER_MS = 1_000_000;
/** CSCHED_TICKS_PER_TSLICE, and the slice below which there is but one. */
const TICKS_PER_SLICE = 3;
/** SCHED_DEFAULT_RATELIMIT_US: nobody is put aside for a higher priority sooner. */
const RATE_LIMIT_NS = NS_PER_MS;
/** XEN_SYSCTL_CSCHED_TSLICE_MIN, _MAX; CSCHED_DEFAULT_TSLICE_MS. */
const LEAST_SLICE_NS = NS_PER_MS;
const MOST_SLICE_NS = 1000 * NS_PER_MS;
const DEFAULT_SLICE_NS = 30 * NS_PER_MS;

/** Less comes first. */
const BOOST = 0;
const UNDER = 1;
const OVER = 2;
const priorityNames = ['BOOST', 'UNDER', 'OVER'];

export interface CreditState {
  readonly tenants: Uint8Array;
  readonly accounts: CreditAccountsState;
  readonly waiting: readonly RunQueueState[];
  readonly priorities: Uint8Array;
  readonly parked: Uint8Array;
  readonly burntAhead: Float64Array;
  readonly current: number;
  readonly since: number;
  readonly isTickled: boolean;
  readonly running: number;
  readonly burntTo: number;
  readonly tickAt: number;
  readonly ticks: number;
}

export class Credit implements Policy, Stateful<CreditState> {
  private readonly sliceNs: number;
  private readonly ticksPerSlice: number;
  private readonly tickNs: number;
  private readonly tenants: TenantSet;
  private readonly accounts: CreditAccounts;
  /** By priority: awake, not parked, not in. */
  private readonly waiting: PriorityLines;
  private readonly priorities: Uint8Array;
  private readonly parked: Uint8Array;
  /** Scratch of `deal`: parked no more, and to be put into line. */
  private readonly unparked: RunQueue;
  /** Of each: ns of its packet that it paid for at ticks, before it is told what the packet took. */
  private readonly burntAhead: Float64Array;
  /** Who is in; -1: nobody. */
  private current = -1;
  /** Since when it is in. */
  private since = 0;
  /** Whether one of higher priority has come to wait since [__runq_tickle]. */
  private isTickled = false;
  /** Whose packet the engines have; -1: none. */
  private running = -1;
  private burntTo = 0;
  private tickAt: number;
  private ticks = 0;

  constructor(shares: readonly TenantShare[], sliceNs: number) {
    const size = shares.length;
    this.sliceNs = sliceNs;
    this.ticksPerSlice = sliceNs < TICKS_PER_SLICE * NS_PER_MS ? 1 : TICKS_PER_SLICE;
    this.tickNs = Math.floor(sliceNs / this.ticksPerSlice);
    this.tickAt = this.tickNs;
    this.tenants = new TenantSet(size);
    this.accounts = new CreditAccounts(shares, sliceNs);
    this.waiting = new PriorityLines(size, 3);
    this.priorities = new Uint8Array(size).fill(UNDER);
    this.parked = new Uint8Array(size);
    this.unparked = new RunQueue(size);
    this.burntAhead = new Float64Array(size);
  }

  join(tenant: number, now: number): void {
    this.tickTo(now);
    this.tenants.join(tenant);
  }

  leave(tenant: number, now: number): void {
    if (this.tenants.isAwake(tenant)) {
      this.sleep(tenant, now);
    }
    this.tickTo(now);
    this.tenants.leave(tenant);
    this.accounts.clear(tenant);
    this.priorities[tenant] = UNDER;
    this.parked[tenant] = 0;
    this.burntAhead[tenant] = 0;
  }

  /** [csched_unit_wake] */
  wake(tenant: number, now: number): void {
    this.tickTo(now);
    this.tenants.wake(tenant);
    if (this.parked[tenant] === 1) {
      return;
    }
    if (this.priorities[tenant] === UNDER) {
      this.priorities[tenant] = BOOST;
    }
    this.enqueue(tenant);
  }

  sleep(tenant: number, now: number): void {
    this.tickTo(now);
    this.tenants.sleep(tenant);
    this.running = this.running === tenant ? -1 : this.running;
    if (tenant === this.current) {
      this.current = -1;
    } else {
      this.waiting.remove(tenant);
    }
  }

  ran(tenant: number, ns: number, now: number): void {
    this.tickTo(now);
    this.running = this.running === tenant ? -1 : this.running;
    this.accounts.burn(tenant, Math.max(0, ns - this.burntAhead[tenant]));
    this.burntAhead[tenant] = 0;
  }

  pick(now: number): number {
    this.tickTo(now);
    if (now >= this.staysUntil()) {
      this.schedule(now);
    }
    if (this.running !== this.current) {
      this.running = this.current;
      this.burntTo = now;
    }
    return this.current;
  }

  /** Ticks count as well: they end boosts, deal out credits and park. */
  askAt(now: number): number {
    if (this.tenants.awake === 0) {
      return Infinity;
    }
    const until = this.current === -1 && this.waiting.first === -1 ? Infinity : this.staysUntil();
    return Math.max(now, Math.min(until, this.tickAt));
  }

  describe(): PolicyView {
    return {
      turn: this.current,
      until: this.current === -1 ? Infinity : this.staysUntil(),
      line: this.waiting.list(),
      tenants: this.tenants.describe((tenant) => ({
        credits: this.accounts.of(tenant),
        priority: priorityNames[this.priorities[tenant]],
        ...(this.parked[tenant] === 1 ? { cap: 'overdrawn, parked' } : {}),
      })),
    };
  }

  save(): CreditState {
    const { current, since, isTickled, running, burntTo, tickAt, ticks } = this;
    return {
      tenants: this.tenants.save(),
      accounts: this.accounts.save(),
      waiting: this.waiting.save(),
      priorities: this.priorities.slice(),
      parked: this.parked.slice(),
      burntAhead: this.burntAhead.slice(),
      ...{ current, since, isTickled, running, burntTo, tickAt, ticks },
    };
  }

  load(state: CreditState): void {
    this.tenants.load(state.tenants);
    this.accounts.load(state.accounts);
    this.waiting.load(state.waiting);
    this.priorities.set(state.priorities);
    this.parked.set(state.parked);
    this.burntAhead.set(state.burntAhead);
    this.current = state.current;
    this.since = state.since;
    this.isTickled = state.isTickled;
    this.running = state.running;
    this.burntTo = state.burntTo;
    this.tickAt = state.tickAt;
    this.ticks = state.ticks;
  }

  /** Until when whoever is in stays in. */
  private staysUntil(): number {
    if (this.current === -1 || this.parked[this.current] === 1) {
      return 0;
    }
    return this.since + (this.isTickled ? Math.min(RATE_LIMIT_NS, this.sliceNs) : this.sliceNs);
  }

  /** [csched_schedule] */
  private schedule(now: number): void {
    if (this.current !== -1 && this.parked[this.current] === 0) {
      this.waiting.add(this.current, this.priorities[this.current]);
    }
    this.current = this.waiting.first;
    if (this.current !== -1) {
      this.waiting.remove(this.current);
    }
    this.since = now;
    this.isTickled = false;
  }

  private enqueue(tenant: number): void {
    const priority = this.priorities[tenant];
    this.waiting.add(tenant, priority);
    if (this.current !== -1 && priority < this.priorities[this.current]) {
      this.isTickled = true;
    }
  }

  private tickTo(now: number): void {
    while (this.tickAt <= now) {
      this.tick(this.tickAt);
      this.tickAt += this.tickNs;
      this.passQuietTicks(now);
    }
  }

  /** [csched_tick], and [csched_acct] once in a slice. */
  private tick(at: number): void {
    if (this.running !== -1) {
      this.see(this.running, at);
    }
    this.ticks++;
    if (this.ticks % this.ticksPerSlice === 0) {
      this.deal();
    }
  }

  private deal(): void {
    this.accounts.deal(this.settle);
    this.waiting.sort(this.priorities);
    for (let tenant = this.unparked.first; tenant !== -1; tenant = this.unparked.first) {
      this.unparked.remove(tenant);
      if (this.tenants.isAwake(tenant) && tenant !== this.current) {
        this.enqueue(tenant);
      }
    }
  }

  /** Nothing runs and nobody earns: ticks only count. */
  private passQuietTicks(now: number): void {
    if (this.running === -1 && !this.accounts.isAnyActive && this.tickAt <= now) {
      const passed = Math.floor((now - this.tickAt) / this.tickNs) + 1;
      this.ticks += passed;
      this.tickAt += passed * this.tickNs;
    }
  }

  /** One that runs at a tick uses much: no boost for it, and it earns [csched_unit_acct]. */
  private see(tenant: number, at: number): void {
    if (this.priorities[tenant] === BOOST) {
      this.priorities[tenant] = UNDER;
    }
    this.accounts.burn(tenant, at - this.burntTo);
    this.burntAhead[tenant] += at - this.burntTo;
    this.burntTo = at;
    this.accounts.activate(tenant);
  }

  private readonly settle = (tenant: number, credit: number): void => {
    const cap = this.accounts.capOf(tenant);
    this.priorities[tenant] = credit < 0 ? OVER : UNDER;
    if (cap !== 0 && credit < -cap) {
      this.parked[tenant] = 1;
      this.waiting.remove(tenant);
    } else if (credit >= 0 && this.parked[tenant] === 1) {
      this.parked[tenant] = 0;
      this.unparked.addLast(tenant);
    }
  };
}

export const credit: SchedulerKind = {
  name: 'credit',
  doc: 'Time in proportion to weight; what one leaves unused the others have, up to their caps; who wakes with credits goes first.',
  source: 'Xen, xen/common/sched/credit.c (credit1); xl(1), sched-credit.',
  defaultSliceNs: () => DEFAULT_SLICE_NS,
  make(tenants, { sliceNs }) {
    checkShares('credit', tenants);
    checkSlice('credit', sliceNs, LEAST_SLICE_NS, MOST_SLICE_NS);
    return new Credit(tenants, sliceNs);
  },
  due: partsByWeightAndCap,
};
