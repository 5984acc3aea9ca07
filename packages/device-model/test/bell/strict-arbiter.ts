/**
 * An arbiter for tests: turns of one slice, round-robin. It throws whenever the engines do not keep to
 * the contract of Arbiter, and writes down each call but `askAt`.
 */
import type { Arbiter, Stateful } from '@doorbell/abi';

const ABSENT = 0;
const ASLEEP = 1;
const AWAKE = 2;

export interface StrictState {
  readonly states: readonly number[];
  readonly line: readonly number[];
  readonly turnEnd: number;
  readonly clock: number;
  readonly picked: number;
}

export class StrictArbiter implements Arbiter, Stateful<StrictState> {
  readonly calls: string[] = [];
  /** Nanoseconds by tenant. */
  readonly used: number[] = [];
  /** A turn. */
  sliceNs: number;
  private readonly states: number[] = [];
  /** Awake, the one whose turn it is first. */
  protected line: number[] = [];
  protected turnEnd = 0;
  private clock = 0;
  /** Who was picked last, and had the engines since; -1: nobody. */
  private picked = -1;
  private wasAsked = false;

  constructor(sliceNs: number) {
    this.sliceNs = sliceNs;
  }

  /** Forgets what was written down. */
  forget(): void {
    this.calls.length = 0;
  }

  join(tenant: number, now: number): void {
    this.called(`join ${tenant}`, now);
    this.change(tenant, ABSENT, ASLEEP);
  }

  leave(tenant: number, now: number): void {
    this.called(`leave ${tenant}`, now);
    if (this.states[tenant] === AWAKE) {
      this.change(tenant, AWAKE, ASLEEP);
      this.line = this.line.filter((other) => other !== tenant);
    }
    this.change(tenant, ASLEEP, ABSENT);
    this.picked = tenant === this.picked ? -1 : this.picked;
  }

  wake(tenant: number, now: number): void {
    this.called(`wake ${tenant}`, now);
    this.change(tenant, ASLEEP, AWAKE);
    this.line.push(tenant);
  }

  sleep(tenant: number, now: number): void {
    this.called(`sleep ${tenant}`, now);
    this.change(tenant, AWAKE, ASLEEP);
    this.line = this.line.filter((other) => other !== tenant);
  }

  ran(tenant: number, ns: number, now: number): void {
    this.called(`ran ${tenant}`, now);
    this.check(this.states[tenant] === AWAKE, `${tenant} ran, and is not awake`);
    this.check(this.picked === tenant, `${tenant} ran, but ${this.picked} was picked`);
    this.check(ns >= 0, `${tenant} ran ${ns} ns`);
    this.used[tenant] = (this.used[tenant] ?? 0) + ns;
    this.picked = -1;
  }

  pick(now: number): number {
    this.called('pick', now);
    this.wasAsked = true;
    this.picked = this.choose(now);
    return this.picked;
  }

  protected choose(now: number): number {
    const [first] = this.line;
    if (first !== undefined && now >= this.turnEnd) {
      // The line's first has had its turn: the next one's begins.
      this.line.push(...this.line.splice(0, 1));
      this.turnEnd = now + this.sliceNs;
    }
    return this.line[0] ?? -1;
  }

  askAt(now: number): number {
    this.passed(now);
    this.check(this.wasAsked, 'askAt without a pick before');
    return this.endOfTurn(now);
  }

  protected endOfTurn(now: number): number {
    return this.line.length < 2 ? Infinity : Math.max(now, this.turnEnd);
  }

  save(): StrictState {
    const { states, line, turnEnd, clock, picked } = this;
    return { states: [...states], line: [...line], turnEnd, clock, picked };
  }

  load({ states, line, turnEnd, clock, picked }: StrictState): void {
    this.states.splice(0, Infinity, ...states);
    this.line = [...line];
    this.turnEnd = turnEnd;
    this.clock = clock;
    this.picked = picked;
    this.wasAsked = true;
  }

  private called(call: string, now: number): void {
    this.passed(now);
    this.calls.push(call);
  }

  private passed(now: number): void {
    this.check(now >= this.clock, `time goes back from ${this.clock} to ${now}`);
    this.clock = now;
  }

  private change(tenant: number, from: number, to: number): void {
    const state = this.states[tenant] ?? ABSENT;
    this.check(state === from, `${tenant} goes from ${state} to ${to}, not from ${from}`);
    this.states[tenant] = to;
  }

  protected check(holds: boolean, message: string): void {
    if (!holds) {
      throw new Error(`The contract of Arbiter is broken: ${message} (${this.calls.join(', ')}).`);
    }
  }
}
