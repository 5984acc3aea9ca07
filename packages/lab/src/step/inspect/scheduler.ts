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

interface Shared {
  readonly ledger: EngineLedgerState;
  readonly view: SchedulerView;
}

/** Of each set of engines: one for each GPU, but one for all device models. */
export function schedulersOf(state: StackState): readonly SchedulerView[] {
  return sharedOf(state).map(({ view }) => view);
}

/** What the host has booked of each of them. */
export function ledgersOf(state: StackState): readonly EngineLedgerState[] {
  return sharedOf(state).map(({ ledger }) => ledger);
}

function sharedOf(state: StackState): readonly Shared[] {
  const { now } = hostOf(state).machine;
  const parts = functionsOf(state).flatMap((each) => {
    const part = partOf(each);
    return part === undefined ? [] : [{ guest: each.guest, scheduler: part.scheduler }];
  });
  const models = parts.filter(({ guest }) => guest >= 0);
  const running = models.flatMap(({ scheduler }) => scheduler.running?.tenant ?? []).at(0);
  return parts
    .filter((each) => each.guest < 0 || each === models[0])
    .flatMap(({ guest, scheduler }) => {
      const { arbiter: ledger, gone } = scheduler.time;
      const sharing = isLedger(ledger) ? describeSharing(ledger) : undefined;
      if (!isLedger(ledger) || sharing === undefined) {
        return [];
      }
      const has = guest < 0 ? scheduler.running?.tenant : running;
      return [{ ledger, view: { now, gone, sharing, running: has } }];
    });
}

function isLedger(saved: unknown): saved is EngineLedgerState {
  return typeof saved === 'object' && saved !== null && 'loaded' in saved && 'spans' in saved;
}
