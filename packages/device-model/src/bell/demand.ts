/** Which channels want the engines, for whom, and which of a tenant's channels has them next. */
import { CHANNELS, type Stateful } from '@doorbell/abi';
import { ReadySet } from './ready-set.ts';

const TIME_SLICE_NS = 1_000_000;
const NONE = -1;

export interface DemandState {
  /** Of each channel, the tenant that it works for. */
  readonly tenants: Int16Array;
  /** By tenant + 1: the channel that ran last. */
  readonly lasts: Int16Array;
  /** The channels that want the engines. */
  readonly wanting: readonly number[];
  readonly last: number;
  readonly sliceBegan: number;
}

/** Hears when a tenant has a channel that wants the engines, and when it has none any more. */
export interface DemandHooks {
  readonly wake: (tenant: number) => void;
  readonly sleep: (tenant: number) => void;
}

export class Demand implements Stateful<DemandState> {
  private readonly hooks: DemandHooks;
  private readonly tenants = new Int16Array(CHANNELS);
  /** By tenant + 1. */
  private readonly wanting: ReadySet[] = [];
  private readonly lasts = new Int16Array(CHANNELS + 1).fill(NONE);
  /** The channel whose context the engines hold. */
  private last = NONE;
  private sliceBegan = 0;

  constructor(hooks: DemandHooks) {
    this.hooks = hooks;
  }

  private of(tenant: number): ReadySet {
    return (this.wanting[tenant + 1] ??= new ReadySet(CHANNELS));
  }

  has(channel: number): boolean {
    return this.of(this.tenants[channel]).has(channel);
  }

  /** Whom a channel works for that wants nothing now. */
  assign(channel: number, tenant: number): void {
    this.tenants[channel] = tenant;
  }

  update(channel: number, wants: boolean): void {
    const tenant = this.tenants[channel];
    const set = this.of(tenant);
    if (wants && !set.has(channel)) {
      set.add(channel);
      if (set.size === 1) {
        this.hooks.wake(tenant);
      }
    } else if (!wants && set.has(channel)) {
      set.delete(channel);
      if (set.size === 0) {
        this.hooks.sleep(tenant);
      }
    }
  }

  /**
   * Of a tenant that wants the engines: the channel whose turn it is, which has them from now on.
   * Each has them for a time slice, round-robin. @param switched  runs when another had them before.
   */
  take(tenant: number, now: number, switched: () => void): number {
    const set = this.of(tenant);
    const before = this.lasts[tenant + 1];
    const sliceIsOver = now - this.sliceBegan >= TIME_SLICE_NS;
    const goesOn = before >= 0 && before === this.last && !sliceIsOver && set.has(before);
    const channel = goesOn ? before : set.from((before + 1) % CHANNELS);
    if (channel !== this.last && this.last !== NONE) {
      switched();
    }
    if (channel !== this.last || sliceIsOver) {
      this.sliceBegan = now;
    }
    this.last = channel;
    this.lasts[tenant + 1] = channel;
    return channel;
  }

  /** The engines hold no context of these channels; those of a tenant begin with the first. */
  forget(isGone: (channel: number) => boolean): void {
    this.last = this.last !== NONE && isGone(this.last) ? NONE : this.last;
    this.lasts.forEach((last, index) => {
      this.lasts[index] = last !== NONE && isGone(last) ? NONE : last;
    });
  }

  save(): DemandState {
    const wanting = [...this.tenants.keys()].filter((channel) => this.has(channel));
    const { last, sliceBegan } = this;
    return { tenants: this.tenants.slice(), lasts: this.lasts.slice(), wanting, last, sliceBegan };
  }

  /** Nobody hears of it. */
  load({ tenants, lasts, wanting, last, sliceBegan }: DemandState): void {
    this.tenants.set(tenants);
    this.lasts.set(lasts);
    this.wanting.length = 0;
    wanting.forEach((channel) => {
      this.of(tenants[channel]).add(channel);
    });
    this.last = last;
    this.sliceBegan = sliceBegan;
  }
}
