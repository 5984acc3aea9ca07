/** How long each tenant of a shared GPU had to wait, at worst; and how long its packets were. */
import type { GpuSharing } from '@doorbell/hypervisor';

export interface Worst {
  /** From when it had work that could run until it had the engines, in nanoseconds. */
  waitNs: number;
  /** Of one packet, or of a piece of one that was preempted. */
  packetNs: number;
}

/** Watches from now on. */
export function watchWaits(
  { ledger }: Pick<GpuSharing, 'ledger'>,
  tenants: number,
): readonly Worst[] {
  const worst = Array.from({ length: tenants }, () => ({ waitNs: 0, packetNs: 0 }));
  const since = new Map<number, number>();
  const wake = ledger.wake.bind(ledger);
  const sleep = ledger.sleep.bind(ledger);
  const ran = ledger.ran.bind(ledger);
  ledger.wake = (tenant, now) => {
    since.set(tenant, now);
    wake(tenant, now);
  };
  ledger.ran = (tenant, ns, now) => {
    const waited = now - ns - (since.get(tenant) ?? now);
    worst[tenant].waitNs = Math.max(worst[tenant].waitNs, waited);
    worst[tenant].packetNs = Math.max(worst[tenant].packetNs, ns);
    since.set(tenant, now);
    ran(tenant, ns, now);
  };
  ledger.sleep = (tenant, now) => {
    since.delete(tenant);
    sleep(tenant, now);
  };
  return worst;
}
