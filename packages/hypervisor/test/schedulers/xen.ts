/**
 * An oracle for `credit`: Xen's credit1 told in the words of its source (xen/common/sched/credit.c),
 * with one run queue that is walked, for one processor and domains of one vCPU. Ticks and
 * accountings come at multiples of their periods, the tick first, and the queue is
 * sorted at once, before who is parked no more comes into it.
 */
import type { Arbiter } from '@doorbell/abi';
import type { TenantShare } from '../../src/schedulers/scheduler-kind.ts';

const PRI_BOOST = 0;
const PRI_UNDER = -1;
const PRI_OVER = -2;

interface Unit {
  readonly tenant: number;
  readonly weight: number;
  readonly cap: number;
  pri: number;
  credit: number;
  residual: number;
  runnable: boolean;
  parked: boolean;
  /** Of the packet that it has: ns that were burnt at ticks. */
  burnt: number;
}

export class Xen implements Arbiter {
  private readonly shares: readonly TenantShare[];
  private readonly tslice: number;
  private readonly tickPeriod: number;
  private readonly creditsPerTslice: number;
  private units: Unit[] = [];
  private runq: Unit[] = [];
  /** [active_sdom] */
  private active: Unit[] = [];
  private readonly unparked: Unit[] = [];
  private creditBalance = 0;
  private curr: Unit | undefined;
  private entryTime = 0;
  private softirq = false;
  private onCpu: Unit | undefined;
  private startTime = 0;
  private tick: number;

  constructor(shares: readonly TenantShare[], tslice: number) {
    this.shares = shares;
    this.tslice = tslice;
    this.tickPeriod = tslice / 3;
    this.creditsPerTslice = (10 * tslice) / 1e6;
    this.tick = this.tickPeriod;
  }

  join(tenant: number, now: number): void {
    this.fire(now);
    const { weight, cap } = this.shares[tenant];
    const state = { pri: PRI_UNDER, credit: 0, residual: 0, burnt: 0 };
    this.units.push({ tenant, weight, cap, ...state, runnable: false, parked: false });
  }

  leave(tenant: number, now: number): void {
    if (this.of(tenant).runnable) {
      this.sleep(tenant, now);
    }
    this.fire(now);
    const unit = this.of(tenant);
    this.units = this.units.filter((other) => other !== unit);
    this.active = this.active.filter((other) => other !== unit);
  }

  wake(tenant: number, now: number): void {
    this.fire(now);
    const unit = this.of(tenant);
    unit.runnable = true;
    if (!unit.parked) {
      unit.pri = unit.pri === PRI_UNDER ? PRI_BOOST : unit.pri;
      this.insert(unit);
      this.tickle(unit);
    }
  }

  sleep(tenant: number, now: number): void {
    this.fire(now);
    const unit = this.of(tenant);
    unit.runnable = false;
    this.runq = this.runq.filter((other) => other !== unit);
    this.curr = this.curr === unit ? undefined : this.curr;
    this.onCpu = this.onCpu === unit ? undefined : this.onCpu;
  }

  ran(tenant: number, ns: number, now: number): void {
    this.fire(now);
    const unit = this.of(tenant);
    this.onCpu = this.onCpu === unit ? undefined : this.onCpu;
    this.burn(unit, ns - unit.burnt);
    unit.burnt = 0;
  }

  pick(now: number): number {
    this.fire(now);
    const { curr } = this;
    const ratelimited = now - this.entryTime < 1e6;
    const isOver = now - this.entryTime >= this.tslice || (this.softirq && !ratelimited);
    if (curr === undefined || curr.parked || isOver) {
      if (curr !== undefined && !curr.parked) {
        this.insert(curr);
      }
      this.curr = this.runq.shift();
      this.entryTime = now;
      this.softirq = false;
    }
    if (this.onCpu !== this.curr) {
      this.onCpu = this.curr;
      this.startTime = now;
    }
    return this.curr?.tenant ?? -1;
  }

  /** When it is to be asked is the engine's affair, and not Xen's: often enough. */
  askAt(now: number): number {
    return now + 100_000;
  }

  private of(tenant: number): Unit {
    return this.units.find((unit) => unit.tenant === tenant)!;
  }

  private insert(unit: Unit): void {
    const at = this.runq.findIndex((other) => unit.pri > other.pri);
    this.runq.splice(at === -1 ? this.runq.length : at, 0, unit);
  }

  private tickle(unit: Unit): void {
    if (this.curr !== undefined && unit.pri > this.curr.pri) {
      this.softirq = true;
    }
  }

  private burn(unit: Unit, delta: number): void {
    const val = delta * 10 + unit.residual;
    unit.residual = val % 1e6;
    unit.credit -= (val - unit.residual) / 1e6;
  }

  private fire(now: number): void {
    for (; this.tick <= now; this.tick += this.tickPeriod) {
      const unit = this.onCpu;
      if (unit !== undefined) {
        unit.pri = unit.pri === PRI_BOOST ? PRI_UNDER : unit.pri;
        this.burn(unit, this.tick - this.startTime);
        unit.burnt += this.tick - this.startTime;
        this.startTime = this.tick;
        if (!this.active.includes(unit)) {
          this.active.unshift(unit);
        }
      }
      if (Math.round(this.tick / this.tickPeriod) % 3 === 0) {
        this.acct();
      }
    }
  }

  private acct(): void {
    const weightTotal = this.active.reduce((sum, { weight }) => sum + weight, 0);
    let creditTotal = this.creditsPerTslice;
    let weightLeft = weightTotal;
    let creditXtra = false;
    let balance = 0;
    if (this.creditBalance < 0) {
      creditTotal -= this.creditBalance;
    }
    for (const unit of [...this.active]) {
      weightLeft -= unit.weight;
      let peak = this.creditsPerTslice;
      if (this.creditBalance < 0) {
        peak += Math.ceil((-this.creditBalance * unit.weight) / weightTotal);
      }
      const creditCap = Math.ceil((unit.cap * this.creditsPerTslice) / 100);
      if (unit.cap !== 0 && creditCap < peak) {
        peak = creditCap;
      }
      let fair = Math.ceil((creditTotal * unit.weight) / weightTotal);
      if (fair < peak) {
        creditXtra = true;
      } else {
        if (weightLeft !== 0) {
          creditTotal += Math.ceil(((fair - peak) * weightTotal) / weightLeft);
        }
        if (creditXtra) {
          this.active = [unit, ...this.active.filter((other) => other !== unit)];
        }
        fair = peak;
      }
      unit.credit += fair;
      this.settle(unit, creditCap);
      balance += unit.credit;
    }
    this.creditBalance = balance;
    this.sort();
    for (const unit of this.unparked.splice(0)) {
      if (unit.runnable && unit !== this.curr) {
        this.insert(unit);
        this.tickle(unit);
      }
    }
  }

  private sort(): void {
    const overs = this.runq.filter(({ pri }) => pri === PRI_OVER);
    const unders = this.runq.filter(({ pri }) => pri === PRI_UNDER);
    this.runq = [...this.runq.filter(({ pri }) => pri === PRI_BOOST), ...unders, ...overs];
  }

  private settle(unit: Unit, creditCap: number): void {
    if (unit.credit < 0) {
      unit.pri = PRI_OVER;
      if (unit.cap !== 0 && unit.credit < -creditCap && !unit.parked) {
        unit.parked = true;
        this.runq = this.runq.filter((other) => other !== unit);
      }
      unit.credit = Math.max(unit.credit, -this.creditsPerTslice);
      return;
    }
    unit.pri = PRI_UNDER;
    if (unit.parked) {
      unit.parked = false;
      this.unparked.push(unit);
    }
    if (unit.credit > this.creditsPerTslice) {
      this.active = this.active.filter((other) => other !== unit);
      unit.credit = Math.floor(unit.credit / 2);
    }
  }
}
