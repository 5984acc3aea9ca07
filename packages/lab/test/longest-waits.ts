/** How long each tenant of a shared GPU had to wait, at worst; and how long its packets were. */
import type { GpuSharing } from '@doorbell/hypervisor';

export interface Worst {
  /** From when it had work that could run until it had the engines, in nanoseconds. */
  waitNs: number;
  /** Of one packet, or of a piece of one that was preempted. */
  packetNs: number;
}

/**
 * Watches from now on.
 * @param machine  of CPUs that run apart between waits: one that is ahead takes the ledger's clock
 * along, and one that is behind is back in time by the machine's. A wait is long when it is by both.
 */
export function watchWaits(
  { ledger }: Pick<GpuSharing, 'ledger'>,
  tenants: number,
  machine?: { readonly now: number },
): readonly Worst[] {
  const worst = Array.from({ length: tenants }, () => ({ waitNs: 0, packetNs: 0 }));
  const since = new Map<number, number>();
  const sinceByMachine = new Map<number, number>();
  const begin = (tenant: number, now: number): void => {
    since.set(tenant, now);
    sinceByMachine.set(tenant, machine?.now ?? now);
  };
  const wake = ledger.wake.bind(ledger);
  const sleep = ledger.sleep.bind(ledger);
  const ran = ledger.ran.bind(ledger);
  ledger.wake = (tenant, now) => {
    begin(tenant, now);
    wake(tenant, now);
  };
  ledger.ran = (tenant, ns, now) => {
    const byMachine = machine?.now ?? now;
    const waited = Math.min(
      now - ns - (since.get(tenant) ?? now),
      byMachine - ns - (sinceByMachine.get(tenant) ?? byMachine),
    );
    worst[tenant].waitNs = Math.max(worst[tenant].waitNs, waited);
    worst[tenant].packetNs = Math.max(worst[tenant].packetNs, ns);
    begin(tenant, now);
    ran(tenant, ns, now);
  };
  ledger.sleep = (tenant, now) => {
    since.delete(tenant);
    sleep(tenant, now);
  };
  return worst;
}
