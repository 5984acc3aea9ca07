/** Who has a shared GPU's engines at a saved state, and who waits for them, by the policy that is loaded. */
import {
  describeSharing,
  type EngineLedgerState,
  type SharingTenantView,
  type SharingView,
} from '@doorbell/hypervisor';
import type { StackState } from '../../stacks/stack.ts';
import { functionsOf, hostOf, partOf } from './saved.ts';

export type { SharingTenantView, SharingView };

/** Of one set of engines. */
export interface SchedulerView {
  /** Virtual nanoseconds. */
  readonly now: number;
  /** Whose packet the engines have; -1: the host's own; undefined: nobody's. */
  readonly running: number | undefined;
  /** Tenants that have left. To the policy one is there until its packet is done. */
  readonly gone: readonly number[];
  readonly sharing: SharingView;
}

/** Of each set of engines: one for each GPU, but one for all device models. */
export function schedulersOf(state: StackState): readonly SchedulerView[] {
  const { now } = hostOf(state).machine;
  const parts = functionsOf(state).flatMap((each) => {
    const part = partOf(each);
    return part === undefined ? [] : [{ guest: each.guest, scheduler: part.scheduler }];
  });
  const models = parts.filter(({ guest }) => guest >= 0);
  const running = models.flatMap(({ scheduler }) => scheduler.running?.tenant ?? []).at(0);
  const views = parts.map(({ guest, scheduler }) => ({
    ...{ now, gone: scheduler.time.gone, sharing: sharingOf(scheduler.time.arbiter) },
    running: guest < 0 ? scheduler.running?.tenant : running,
  }));
  return views
    .filter((_, index) => parts[index].guest < 0 || parts[index] === models[0])
    .flatMap(({ sharing, ...view }) => (sharing === undefined ? [] : [{ ...view, sharing }]));
}

function sharingOf(arbiter: unknown): SharingView | undefined {
  return isLedger(arbiter) ? describeSharing(arbiter) : undefined;
}

function isLedger(saved: unknown): saved is EngineLedgerState {
  return typeof saved === 'object' && saved !== null && 'loaded' in saved && 'spans' in saved;
}
