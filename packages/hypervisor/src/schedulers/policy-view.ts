/** What a policy says of the state that it is in. */
import type { Arbiter, Stateful } from '@doorbell/abi';

/** One tenant, to the policy. */
export interface TenantView {
  readonly state: 'absent' | 'asleep' | 'awake';
  /** What the policy keeps of it, in the policy's own words; the unit of a number is in its name. */
  readonly kept: Readonly<Record<string, number | string>>;
}

/** As of the last call that the policy had. */
export interface PolicyView {
  /** Whose turn it is; -1: nobody's. */
  readonly turn: number;
  /** When that turn ends, in nanoseconds of virtual time; Infinity: only when something else happens. */
  readonly until: number;
  /** Who is ready and would have a turn, in the order in which they would as things stand. */
  readonly line: readonly number[];
  readonly tenants: readonly TenantView[];
}

/** An arbiter that can say what it is about. */
export interface Policy extends Arbiter, Stateful<unknown> {
  /** Changes nothing. */
  describe(): PolicyView;
}
