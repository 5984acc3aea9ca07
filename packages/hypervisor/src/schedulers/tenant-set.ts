/** Which tenants are there, and which of them have work: what every policy knows of the calls so far. */
import type { Stateful } from '@doorbell/abi';
import type { TenantView } from './policy-view.ts';

const ABSENT = 0;
const ASLEEP = 1;
const AWAKE = 2;
const names = ['absent', 'asleep', 'awake'] as const;

/** A call that does not fit the last one is the caller's mistake: RangeError. */
export class TenantSet implements Stateful<Uint8Array> {
  private readonly states: Uint8Array;
  /** How many are there. */
  present = 0;
  /** How many of those have work. */
  awake = 0;

  constructor(size: number) {
    this.states = new Uint8Array(size);
  }

  isPresent(tenant: number): boolean {
    return this.states[tenant] !== ABSENT;
  }

  isAwake(tenant: number): boolean {
    return this.states[tenant] === AWAKE;
  }

  /** Each, with what `keptOf` says of it. */
  describe(keptOf: (tenant: number) => TenantView['kept']): TenantView[] {
    return [...this.states].map((state, tenant) => ({
      state: names[state],
      kept: keptOf(tenant),
    }));
  }

  join(tenant: number): void {
    this.change(tenant, ABSENT, ASLEEP);
    this.present++;
  }

  /** It must sleep by now. */
  leave(tenant: number): void {
    this.change(tenant, ASLEEP, ABSENT);
    this.present--;
  }

  wake(tenant: number): void {
    this.change(tenant, ASLEEP, AWAKE);
    this.awake++;
  }

  sleep(tenant: number): void {
    this.change(tenant, AWAKE, ASLEEP);
    this.awake--;
  }

  save(): Uint8Array {
    return this.states.slice();
  }

  load(states: Uint8Array): void {
    this.states.set(states);
    this.present = this.awake = 0;
    for (const state of states) {
      this.present += state === ABSENT ? 0 : 1;
      this.awake += state === AWAKE ? 1 : 0;
    }
  }

  private change(tenant: number, from: number, to: number): void {
    const state = this.states[tenant];
    if (state !== from) {
      throw new RangeError(
        `Tenant ${tenant} is ${names[state] ?? 'unknown'}, and cannot become ${names[to]}.`,
      );
    }
    this.states[tenant] = to;
  }
}
