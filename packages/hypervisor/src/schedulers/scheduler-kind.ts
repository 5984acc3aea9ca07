/** What a policy for sharing a GPU says of itself, and what it may be given. */
import type { Policy } from './policy-view.ts';

/** What the host grants a tenant. Which of it counts is the policy's affair. */
export interface TenantShare {
  /** Relative to the others'. */
  readonly weight: number;
  /** At most so much of the GPU, in percent; 0: no limit. */
  readonly cap: number;
}

export interface SchedulerOptions {
  /** A turn, a slot or a tick: what the policy's source calls its time slice. */
  readonly sliceNs: number;
  /** `weighted` alone: how long one that has just joined goes before the others. Absent: 2 s, as GVT-g does. */
  readonly startPriorityNs?: number;
}

export interface SchedulerKind {
  readonly name: string;
  /** One sentence. */
  readonly doc: string;
  /** What it follows. */
  readonly source: string;
  defaultSliceNs(tenants: readonly TenantShare[]): number;
  /** @throws SchedulerError for a share or a slice that the source does not allow. */
  make(tenants: readonly TenantShare[], options: SchedulerOptions): Policy;
  /**
   * The part of the GPU, 0 to 1, that each tenant is promised if it and all others that are present
   * always have work, and its packets are short beside a slice.
   */
  due(tenants: readonly TenantShare[], present: readonly boolean[]): number[];
}

/** A share or a slice that cannot be granted. */
export class SchedulerError extends Error {
  override readonly name = 'SchedulerError';
}

/** xl(1) sched-credit. */
const MOST_WEIGHT = 65_535;

/** @param mostWeight  the largest that the policy's source allows. */
export function checkShares(
  kindName: string,
  tenants: readonly TenantShare[],
  mostWeight = MOST_WEIGHT,
): void {
  if (tenants.length === 0) {
    throw new SchedulerError(`The scheduler ${kindName} needs at least one tenant.`);
  }
  tenants.forEach(({ weight, cap }, tenant) => {
    if (!Number.isInteger(weight) || weight < 1 || weight > mostWeight) {
      throw new SchedulerError(
        `The weight of tenant ${tenant} is ${weight}, but ${kindName} takes whole numbers from 1 to ${mostWeight}.`,
      );
    }
    if (!(cap >= 0 && cap <= 100)) {
      throw new SchedulerError(
        `The cap of tenant ${tenant} is ${cap} %, but a cap is 0 (none) to 100 % of the GPU.`,
      );
    }
  });
}

export function checkSlice(
  kindName: string,
  sliceNs: number,
  leastNs: number,
  mostNs: number,
): void {
  if (!Number.isInteger(sliceNs) || sliceNs < leastNs || sliceNs > mostNs) {
    throw new SchedulerError(
      `The time slice is ${sliceNs} ns, but ${kindName} takes whole numbers from ${leastNs} to ${mostNs} ns.`,
    );
  }
}
