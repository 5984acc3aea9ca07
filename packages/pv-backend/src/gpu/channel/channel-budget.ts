/** How much of the physical GPU one driver has, over all of its channels. */
import type { Limits } from '../limits.ts';
import { refuseUnless } from '../refusal.ts';

type BudgetKind = keyof ChannelBudget['used'] & keyof Limits;

export class ChannelBudget {
  readonly used = { channels: 0, vramPages: 0, pinnedPages: 0, channelRanges: 0 };
  private readonly limits: Limits;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  /** @throws Refusal when it would be more than the driver may have. */
  take(kind: BudgetKind, count: number): void {
    refuseUnless(
      this.used[kind] + count <= this.limits[kind],
      'ERR_OUT_OF_MEMORY',
      `The driver may have ${this.limits[kind]} ${kind}.`,
    );
    this.used[kind] += count;
  }

  give(kind: BudgetKind, count: number): void {
    this.used[kind] -= count;
  }
}
