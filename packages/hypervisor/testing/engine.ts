/**
 * A GPU's engines that know nothing but packets and their lengths: one packet at a time, of whomever
 * an arbiter picks. It keeps to the order of calls that Arbiter asks for, and checks the answers.
 */
import type { Arbiter } from '@doorbell/abi';

export interface Load {
  /** ns, one after the other, and again from the start. */
  readonly packets: readonly number[];
  /** ns from a packet's end to the next one, likewise (closed loop); 0: it is there already. */
  readonly gaps?: readonly number[];
  /** ns from one packet to the next, whether it is done or not (open loop). */
  readonly every?: number;
  /** When its virtual machine starts and ends. */
  readonly from?: number;
  readonly to?: number;
}

export interface EngineOptions {
  /** Whether a packet is stopped when another would be picked, and which call it begins that with. */
  readonly preempts?: 'pick first' | 'ran first';
}

class Tenant {
  readonly load: Load;
  isThere = false;
  queued = 0;
  /** Packets so far; what is left of the one that was stopped. */
  begun = 0;
  left = 0;
  arrivesAt = Infinity;
  waitsSince = 0;
  used = 0;
  done = 0;
  longestWait = 0;

  constructor(load: Load) {
    this.load = load;
  }

  get isAwake(): boolean {
    return this.queued > 0;
  }
}

export class Engine {
  arbiter: Arbiter;
  now = 0;
  readonly tenants: readonly Tenant[];
  /** ns without a packet while somebody had one. */
  idleWhileAwake = 0;
  /** Time and tenant of each packet, or part of one, that began. */
  readonly begun: [number, number][] = [];
  private readonly preempts: EngineOptions['preempts'];
  private running = -1;
  private runningSince = 0;
  private askAt = 0;

  constructor(arbiter: Arbiter, loads: readonly Load[], { preempts }: EngineOptions = {}) {
    this.arbiter = arbiter;
    this.preempts = preempts;
    this.tenants = loads.map((load) => new Tenant(load));
  }

  get used(): number[] {
    return this.tenants.map(({ used }) => used);
  }

  /** Starts what `used` counts anew. */
  reset(): void {
    for (const tenant of this.tenants) {
      tenant.used = tenant.longestWait = 0;
    }
    this.idleWhileAwake = 0;
  }

  run(until: number): this {
    for (let next = this.nextTime(); next <= until; next = this.nextTime()) {
      this.advance(next);
      this.finish();
      this.tenants.forEach((_, tenant) => this.startOrEnd(tenant));
      this.tenants.forEach((_, tenant) => this.arrive(tenant));
      this.ask();
    }
    this.advance(until);
    return this;
  }

  private nextTime(): number {
    const times = this.tenants.map(({ load, isThere, arrivesAt }) => {
      const { from = 0, to = Infinity } = load;
      return isThere ? Math.min(to, arrivesAt) : this.now <= from && to > from ? from : Infinity;
    });
    const end =
      this.running === -1 ? Infinity : this.runningSince + this.tenants[this.running].left;
    const ask = this.running === -1 || this.preempts !== undefined ? this.askAt : Infinity;
    return Math.min(end, ask, ...times);
  }

  private advance(to: number): void {
    const isAnyAwake = this.tenants.some(({ isAwake }) => isAwake);
    if (this.running === -1 && isAnyAwake) {
      this.idleWhileAwake += to - this.now;
    }
    this.now = to;
  }

  /** Tells what the packet had until now. */
  private stop(): void {
    const tenant = this.tenants[this.running];
    const ns = this.now - this.runningSince;
    tenant.used += ns;
    tenant.left -= ns;
    tenant.waitsSince = this.now;
    this.arbiter.ran(this.running, ns, this.now);
    this.running = -1;
  }

  private finish(): void {
    const { running } = this;
    if (running === -1 || this.runningSince + this.tenants[running].left > this.now) {
      return;
    }
    const tenant = this.tenants[running];
    this.stop();
    tenant.queued--;
    tenant.done++;
    if (tenant.load.every === undefined) {
      const gaps = tenant.load.gaps ?? [0];
      const gap = gaps[tenant.done % gaps.length];
      tenant.queued = gap === 0 ? 1 : 0;
      tenant.arrivesAt = gap === 0 ? Infinity : this.now + gap;
    }
    if (!tenant.isAwake) {
      this.arbiter.sleep(running, this.now);
    }
  }

  private startOrEnd(number: number): void {
    const tenant = this.tenants[number];
    const { from = 0, to = Infinity } = tenant.load;
    if (!tenant.isThere && from === this.now && to > from) {
      tenant.isThere = true;
      tenant.arrivesAt = this.now;
      this.arbiter.join(number, this.now);
    } else if (tenant.isThere && to === this.now) {
      if (this.running === number) {
        this.stop();
      }
      tenant.isThere = false;
      tenant.queued = 0;
      this.arbiter.leave(number, this.now);
    }
  }

  private arrive(number: number): void {
    const tenant = this.tenants[number];
    if (!tenant.isThere || tenant.arrivesAt !== this.now) {
      return;
    }
    tenant.arrivesAt = tenant.load.every === undefined ? Infinity : this.now + tenant.load.every;
    tenant.queued++;
    if (tenant.queued === 1) {
      tenant.waitsSince = this.now;
      this.arbiter.wake(number, this.now);
    }
  }

  private ask(): void {
    if (this.running !== -1 && this.preempts === undefined) {
      return;
    }
    if (this.running !== -1 && this.preempts === 'ran first') {
      this.stop();
    }
    const picked = this.arbiter.pick(this.now);
    if (this.running !== -1 && picked !== this.running) {
      this.stop();
    }
    if (picked !== -1 && this.running === -1) {
      this.begin(picked);
    }
    this.askAt = this.arbiter.askAt(this.now);
    if (this.askAt <= this.now) {
      throw new Error(`At ${this.now} the arbiter asks to be asked at ${this.askAt}.`);
    }
  }

  private begin(number: number): void {
    const tenant = this.tenants[number];
    if (!tenant.isAwake) {
      throw new Error(`At ${this.now} the arbiter picks ${number}, which has nothing to do.`);
    }
    const { packets } = tenant.load;
    if (tenant.left === 0) {
      tenant.left = packets[tenant.begun++ % packets.length];
    }
    tenant.longestWait = Math.max(tenant.longestWait, this.now - tenant.waitsSince);
    this.running = number;
    this.runningSince = this.now;
    this.begun.push([this.now, number]);
  }
}
