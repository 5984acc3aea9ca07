/** Two arbiters that are told the same and must answer the same: a policy and its oracle. */
import type { Arbiter } from '@doorbell/abi';

function same(call: string, now: number, one: number, other: number): number {
  if (one !== other) {
    throw new Error(`At ${now} ${call} gives ${one}, and the oracle ${other}.`);
  }
  return one;
}

export class Both implements Arbiter {
  private readonly one: Arbiter;
  private readonly other: Arbiter;
  private readonly asks: boolean;

  /** @param asks  whether both must want to be asked at the same times. */
  constructor(one: Arbiter, other: Arbiter, asks = true) {
    this.asks = asks;
    this.one = one;
    this.other = other;
  }
  join(tenant: number, now: number): void {
    this.one.join(tenant, now);
    this.other.join(tenant, now);
  }
  leave(tenant: number, now: number): void {
    this.one.leave(tenant, now);
    this.other.leave(tenant, now);
  }
  wake(tenant: number, now: number): void {
    this.one.wake(tenant, now);
    this.other.wake(tenant, now);
  }
  sleep(tenant: number, now: number): void {
    this.one.sleep(tenant, now);
    this.other.sleep(tenant, now);
  }
  ran(tenant: number, ns: number, now: number): void {
    this.one.ran(tenant, ns, now);
    this.other.ran(tenant, ns, now);
  }
  pick(now: number): number {
    return same('pick', now, this.one.pick(now), this.other.pick(now));
  }
  askAt(now: number): number {
    const time = this.one.askAt(now);
    return this.asks ? same('askAt', now, time, this.other.askAt(now)) : time;
  }
}
