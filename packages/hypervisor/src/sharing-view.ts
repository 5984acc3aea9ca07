/** Who had a shared GPU's engines at a saved state, who waits for them, and what the policy keeps of each. */
import type { EngineLedgerState } from './engine-ledger.ts';
import { schedulers, type PolicyView, type TenantView } from './schedulers/index.ts';

export interface SharingTenantView extends TenantView {
  /** Up to the end of its last packet. */
  readonly busyNs: number;
  readonly waitNs: number;
  /** Since when it is ready and has not the engines, in virtual nanoseconds; undefined: it does not wait, or runs. */
  readonly since: number | undefined;
}

export interface SharingView extends PolicyView {
  readonly policy: string;
  /** A turn, a slot or a tick: what the policy calls its time slice. */
  readonly sliceNs: number;
  readonly tenants: readonly SharingTenantView[];
}

/** Undefined: no policy was named. */
export function describeSharing(ledger: EngineLedgerState): SharingView | undefined {
  const { loaded, arbiter, busyNs, waitNs, since } = ledger;
  const kind = loaded && schedulers.get(loaded.scheduler);
  if (loaded === undefined || kind === undefined) {
    return undefined;
  }
  const policy = kind.make(loaded.shares, loaded.options);
  policy.load(arbiter);
  const view = policy.describe();
  return {
    ...view,
    ...{ policy: kind.name, sliceNs: loaded.options.sliceNs },
    tenants: view.tenants.map((each, tenant) => ({
      ...each,
      ...{ busyNs: busyNs[tenant], waitNs: waitNs[tenant] },
      since: since[tenant] < 0 ? undefined : since[tenant],
    })),
  };
}
