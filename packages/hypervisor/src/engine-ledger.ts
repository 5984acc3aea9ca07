/**
 * Books who had a GPU's engines and who waited for them. It stands between the GPU and its arbiter,
 * and changes no answer.
 */
import type { Arbiter, Stateful } from '@doorbell/abi';
import type { SchedulerOptions, TenantShare } from './schedulers/index.ts';

/** In nanoseconds. */
export interface EngineUse {
  /** It had the engines. */
  readonly busyNs: number;
  /** It had work that could run, and did not have them. */
  readonly waitNs: number;
}

/** A time in which one tenant had the engines, packet after packet. */
export interface EngineSpan {
  readonly tenant: number;
  readonly from: number;
  readonly to: number;
}

/** The scheduler that the host has loaded, and what it was given. */
export interface LoadedScheduler {
  readonly scheduler: string;
  readonly options: SchedulerOptions;
  readonly shares: readonly TenantShare[];
}

export interface EngineLedgerState {
  /** Undefined: whoever made the arbiter did not say. */
  readonly loaded: LoadedScheduler | undefined;
  readonly arbiter: unknown;
  readonly busyNs: Float64Array;
  readonly waitNs: Float64Array;
  readonly since: Float64Array;
  readonly spans: Float64Array;
}

/** Numbers of a span: tenant, from, to. */
const SPAN = 3;
/** Packets with a shorter gap between them are one span, in nanoseconds: a chart shows no more. */
const GAP_NS = 1000;

export class EngineLedger implements Arbiter, Stateful<EngineLedgerState> {
  private readonly arbiter: Arbiter & Stateful<unknown>;
  private readonly loaded: LoadedScheduler | undefined;
  private readonly busyNs: Float64Array;
  private readonly waitNs: Float64Array;
  /** Since when a tenant that is awake waits for the engines; -1: it does not. */
  private readonly since: Float64Array;
  private spans = new Float64Array(SPAN * 256);
  private count = 0;

  constructor(arbiter: Arbiter & Stateful<unknown>, tenants: number, loaded?: LoadedScheduler) {
    this.arbiter = arbiter;
    this.loaded = loaded;
    this.busyNs = new Float64Array(tenants);
    this.waitNs = new Float64Array(tenants);
    this.since = new Float64Array(tenants).fill(-1);
  }

  /** Up to the end of the last packet. */
  useOf(tenant: number): EngineUse {
    return { busyNs: this.busyNs[tenant], waitNs: this.waitNs[tenant] };
  }

  /** In order of time. */
  *eachSpan(): Iterable<EngineSpan> {
    for (let at = 0; at < this.count * SPAN; at += SPAN) {
      yield { tenant: this.spans[at], from: this.spans[at + 1], to: this.spans[at + 2] };
    }
  }

  // ------------------------------------------------------------------------------ as an arbiter

  join(tenant: number, now: number): void {
    this.arbiter.join(tenant, now);
  }

  leave(tenant: number, now: number): void {
    this.settle(tenant, now);
    this.arbiter.leave(tenant, now);
  }

  wake(tenant: number, now: number): void {
    this.since[tenant] = now;
    this.arbiter.wake(tenant, now);
  }

  sleep(tenant: number, now: number): void {
    this.settle(tenant, now);
    this.arbiter.sleep(tenant, now);
  }

  ran(tenant: number, ns: number, now: number): void {
    this.settle(tenant, now - ns);
    this.since[tenant] = now;
    this.busyNs[tenant] += ns;
    this.addSpan(tenant, ns, now);
    this.arbiter.ran(tenant, ns, now);
  }

  pick(now: number): number {
    return this.arbiter.pick(now);
  }

  askAt(now: number): number {
    return this.arbiter.askAt(now);
  }

  private settle(tenant: number, now: number): void {
    const since = this.since[tenant];
    if (since >= 0) {
      this.waitNs[tenant] += Math.max(0, now - since);
      this.since[tenant] = -1;
    }
  }

  /** CPUs run apart, so that the GPU may hear of a packet late: it was behind the one before even so. */
  private addSpan(tenant: number, ns: number, now: number): void {
    const { spans } = this;
    const last = (this.count - 1) * SPAN;
    const from = Math.max(now - ns, last < 0 ? 0 : spans[last + 2]);
    const to = from + ns;
    if (last >= 0 && spans[last] === tenant && from - spans[last + 2] < GAP_NS) {
      spans[last + 2] = to;
      return;
    }
    const at = last + SPAN;
    if (at === spans.length) {
      this.spans = new Float64Array(spans.length * 2);
      this.spans.set(spans);
    }
    this.spans.set([tenant, from, to], at);
    this.count++;
  }

  // ------------------------------------------------------------------------------ state

  save(): EngineLedgerState {
    return {
      loaded: this.loaded,
      arbiter: this.arbiter.save(),
      busyNs: this.busyNs.slice(),
      waitNs: this.waitNs.slice(),
      since: this.since.slice(),
      spans: this.spans.slice(0, this.count * SPAN),
    };
  }

  load(state: EngineLedgerState): void {
    this.arbiter.load(state.arbiter);
    this.busyNs.set(state.busyNs);
    this.waitNs.set(state.waitNs);
    this.since.set(state.since);
    this.count = state.spans.length / SPAN;
    if (this.spans.length < state.spans.length) {
      this.spans = new Float64Array(state.spans.length);
    }
    this.spans.set(state.spans);
  }
}
