/**
 * Who has the engines next: whoever woke first, until it sleeps. Nobody else has a turn meanwhile.
 * The rules of each call are at the declaration of `Arbiter`, in `@doorbell/abi`; those of
 * `describe`, `save` and `load` at `Policy`, in `@doorbell/hypervisor`.
 */
import type { Policy, PolicyView } from '@doorbell/hypervisor';

interface State {
  readonly present: readonly boolean[];
  readonly line: readonly number[];
}

export class FirstCome implements Policy {
  private present: boolean[];
  /** Awake, in the order in which they woke. */
  private line: number[] = [];

  constructor(tenants: number) {
    this.present = Array.from({ length: tenants }, () => false);
  }

  join(tenant: number): void {
    this.present[tenant] = true;
  }

  leave(tenant: number): void {
    this.present[tenant] = false;
    this.sleep(tenant);
  }

  wake(tenant: number): void {
    this.line.push(tenant);
  }

  sleep(tenant: number): void {
    this.line = this.line.filter((each) => each !== tenant);
  }

  ran(): void {
    // Nothing is remembered of who had how much.
  }

  pick(): number {
    return this.line.at(0) ?? -1;
  }

  /** The answer changes only when somebody wakes or sleeps. */
  askAt(): number {
    return Infinity;
  }

  describe(): PolicyView {
    const [turn = -1, ...line] = this.line;
    const tenants = this.present.map((isThere, tenant) => ({
      state: !isThere ? 'absent' : this.line.includes(tenant) ? 'awake' : 'asleep',
      kept: {},
    })) satisfies PolicyView['tenants'];
    return { turn, until: Infinity, line, tenants };
  }

  save(): State {
    return { present: [...this.present], line: [...this.line] };
  }

  load(state: State): void {
    this.present = [...state.present];
    this.line = [...state.line];
  }
}
