/**
 * The engines' time: one packet runs at once, of a tenant that the arbiter picks. A part has its
 * engines for itself; device models in software may share what they run on.
 */
import type { Arbiter, Stateful } from '@doorbell/abi';

/** The tenant of the host's own channels: they go before all others, and no arbiter hears of them. */
export const HOST_TENANT = -1;
const NOBODY = -2;

/** Whose packets they are: a part. */
export interface Runner {
  /** Begins the next packet of the tenant, and calls `occupy` if that takes time. */
  begin(tenant: number): void;
  /** The packet that occupies the engines need not go on after `time`, in nanoseconds. */
  stopAfter(time: number): void;
}

export interface EngineTimeParts {
  readonly arbiter: Arbiter & Stateful<unknown>;
  readonly now: () => number;
  /** Calls `onAlarm` in `ns`, in place of what was set before. */
  readonly setAlarm?: (ns: number) => void;
  /** Whether long packets are stopped when a turn is over. Default: no. */
  readonly preempts?: boolean;
  /** What it takes to hold another tenant's context, in nanoseconds. Default: 0. */
  readonly switchNs?: number;
}

export interface EngineTimeState {
  readonly arbiter: unknown;
  readonly wanting: readonly number[];
  readonly gone: readonly number[];
  readonly awake: number;
  readonly clock: number;
  readonly freeSince: number;
  readonly last: number;
  readonly hostIsAwake: boolean;
}

export class EngineTime implements Stateful<EngineTimeState> {
  private readonly parts: EngineTimeParts;
  /** By tenant + 1. */
  private readonly runners: (Runner | undefined)[] = [];
  private occupant: Runner | undefined;
  /** Whose packet it runs. */
  private occupiedFor = NOBODY;
  private hostIsAwake = false;
  /** Tenants, but for the host, that have packets; those that left, of which no arbiter hears. */
  private readonly wanting = new Set<number>();
  private readonly gone = new Set<number>();
  /** How many tenants are awake to the arbiter. */
  private awake = 0;
  /** The tenant, but for the host, whose context the engines hold. */
  private last = NOBODY;
  /**
   * The latest time that passed here. CPUs run apart, and may bring what they do in another order:
   * to the arbiter time does not go back, and the engines are not in two places at once.
   */
  private clock = 0;
  private freeSince = 0;
  /** A packet is being begun: what that sets off must not begin another. */
  private beginning = false;

  constructor(parts: EngineTimeParts) {
    this.parts = parts;
  }

  private now(): number {
    return (this.clock = Math.max(this.clock, this.parts.now()));
  }

  // ------------------------------------------------------------------------------ for runners

  /** A tenant of the runner's has a packet that could run, and had none before. */
  wake(tenant: number, runner: Runner): void {
    this.runners[tenant + 1] = runner;
    if (tenant === HOST_TENANT) {
      this.hostIsAwake = true;
      return;
    }
    this.wanting.add(tenant);
    if (!this.gone.has(tenant)) {
      this.awaken(tenant);
    }
  }

  private awaken(tenant: number): void {
    this.awake++;
    this.parts.arbiter.wake(tenant, this.now());
  }

  /** It has none any more. */
  sleep(tenant: number): void {
    if (tenant === HOST_TENANT) {
      this.hostIsAwake = false;
      return;
    }
    this.wanting.delete(tenant);
    if (!this.gone.has(tenant)) {
      this.awake--;
      this.parts.arbiter.sleep(tenant, this.now());
    }
  }

  /** A packet of the tenant takes time: until `vacate` nothing else begins. */
  occupy(runner: Runner, tenant: number): void {
    this.occupant = runner;
    this.occupiedFor = tenant;
  }

  /** The packet is done, or was stopped, after `ns`. */
  vacate(tenant: number, ns: number): void {
    this.occupant = undefined;
    this.occupiedFor = NOBODY;
    this.freeSince = Math.max(this.freeSince, this.parts.now());
    if (tenant !== HOST_TENANT) {
      this.parts.arbiter.ran(tenant, ns, this.now());
    }
    if (this.gone.has(tenant)) {
      this.tellLeft(tenant);
    }
  }

  /** When a packet can begin at the earliest. */
  get begin(): number {
    return Math.max(this.parts.now(), this.freeSince);
  }

  /** How long it takes until the engines hold the tenant's context. They do from then on. */
  switchTo(tenant: number): number {
    const { last } = this;
    if (tenant === HOST_TENANT || tenant === last) {
      return 0;
    }
    this.last = tenant;
    return last === NOBODY ? 0 : (this.parts.switchNs ?? 0);
  }

  /** Begins packets until one takes time, or none is left. Call it when anything has changed. */
  run(): void {
    if (this.beginning) {
      return;
    }
    this.beginning = true;
    while (this.occupant === undefined) {
      const next = this.pick();
      const runner = next === NOBODY ? undefined : this.runners[next + 1];
      if (runner === undefined) {
        break;
      }
      runner.begin(next);
    }
    this.beginning = false;
    this.look();
  }

  private pick(): number {
    if (this.hostIsAwake) {
      return HOST_TENANT;
    }
    const picked = this.parts.arbiter.pick(this.now());
    return picked < 0 ? NOBODY : picked;
  }

  /** When a turn ends, or a budget is filled again, is the arbiter's to say. */
  private look(): void {
    const { arbiter, preempts, setAlarm } = this.parts;
    const now = this.now();
    const { occupant } = this;
    if (occupant === undefined) {
      const at = this.awake > 0 ? arbiter.askAt(now) : Infinity;
      if (at !== Infinity) {
        setAlarm?.(at - this.parts.now());
      }
    } else if (preempts === true && this.occupiedFor !== HOST_TENANT) {
      occupant.stopAfter(this.hostIsAwake ? now : arbiter.askAt(now));
    }
  }

  // ------------------------------------------------------------------------------ for the host

  /** A tenant's virtual machine starts, or ends. */
  join(tenant: number): void {
    const isBack = this.gone.delete(tenant);
    if (!isBack || this.occupiedFor !== tenant) {
      this.parts.arbiter.join(tenant, this.now());
      if (isBack && this.wanting.has(tenant)) {
        this.awaken(tenant);
      }
    }
    this.run();
  }

  /** Packets that it has left never begin; one that runs goes on, and it has left when that is done. */
  leave(tenant: number): void {
    this.gone.add(tenant);
    if (this.occupiedFor !== tenant) {
      this.tellLeft(tenant);
    }
    this.run();
  }

  private tellLeft(tenant: number): void {
    this.awake -= this.wanting.has(tenant) ? 1 : 0;
    this.parts.arbiter.leave(tenant, this.now());
  }

  /** The alarm that was set. */
  onAlarm(): void {
    this.run();
  }

  save(): EngineTimeState {
    const { awake, clock, freeSince, last, hostIsAwake } = this;
    const arbiter = this.parts.arbiter.save();
    const [wanting, gone] = [[...this.wanting], [...this.gone]];
    return { arbiter, wanting, gone, awake, clock, freeSince, last, hostIsAwake };
  }

  /** Runners call `restore` after. */
  load(state: EngineTimeState): void {
    this.parts.arbiter.load(state.arbiter);
    refill(this.wanting, state.wanting);
    refill(this.gone, state.gone);
    this.awake = state.awake;
    this.clock = state.clock;
    this.freeSince = state.freeSince;
    this.last = state.last;
    this.hostIsAwake = state.hostIsAwake;
  }

  /** Tenants of the runner that are awake already; and whose packet of it, if any, occupies the engines. */
  restore(runner: Runner, tenants: readonly number[], occupiedFor: number | undefined): void {
    tenants.forEach((tenant) => {
      this.runners[tenant + 1] = runner;
    });
    if (occupiedFor !== undefined) {
      this.occupy(runner, occupiedFor);
    } else if (this.occupant === runner) {
      this.occupant = undefined;
      this.occupiedFor = NOBODY;
    }
  }
}

function refill(set: Set<number>, numbers: readonly number[]): void {
  set.clear();
  numbers.forEach((number) => {
    set.add(number);
  });
}
