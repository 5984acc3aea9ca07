/** What a run counted and spent, as its report has it. */
import {
  costNames,
  totalExits,
  type Counts,
  type ExitReason,
  type Host,
} from '@doorbell/hypervisor';
import type { CountsReport } from './report.ts';
import type { PvCounts, Stack } from './stacks/stack.ts';

export function exitsBetween(
  init: Counts | undefined,
  close: Counts | undefined,
): Record<string, number> {
  const reasons = Object.keys(close?.exitsByReason ?? {}) as ExitReason[];
  const of = (counts: Counts | undefined, reason: ExitReason): number =>
    counts?.exitsByReason[reason] ?? 0;
  return Object.fromEntries(
    reasons.map((reason) => [reason, Math.max(0, of(close, reason) - of(init, reason))]),
  );
}

export function sumPvCounts(all: readonly PvCounts[]): PvCounts {
  const sum = (name: Exclude<keyof PvCounts, 'commands'>): number =>
    all.reduce((total, counts) => total + counts[name], 0);
  const commands: Record<string, number> = {};
  for (const [name, count] of all.flatMap((counts) => Object.entries(counts.commands))) {
    commands[name] = (commands[name] ?? 0) + count;
  }
  return {
    kicks: sum('kicks'),
    suppressedNotifications: sum('suppressedNotifications'),
    descriptors: sum('descriptors'),
    commands,
    bytesMirrored: sum('bytesMirrored'),
    bytesOnWire: sum('bytesOnWire'),
    reconnections: sum('reconnections'),
  };
}

/** What the machine, the GPUs and the paravirtual pair counted. */
export function machineCounts(
  { machine, iommu }: Host,
  pv: PvCounts,
  bells: Stack['bells'],
): CountsReport {
  const { counts } = machine;
  const sum = (name: 'contextSwitches' | 'hangs'): number =>
    bells.reduce((total, bell) => total + bell.counts[name], 0);
  return {
    exits: totalExits(counts),
    exitsByReason: { ...counts.exitsByReason },
    exitsAfterInit: {},
    directAccesses: counts.directAccesses,
    hypercalls: 0,
    ...pv,
    interrupts: counts.interrupts,
    injections: counts.injections,
    iotlbHits: iommu.counts.iotlbHits,
    iotlbMisses: iommu.counts.iotlbMisses,
    iommuFaults: iommu.counts.faults,
    bytesDma: counts.bytesDma,
    bytesCopied: counts.bytesCopied,
    shadowUpdates: counts.shadowUpdates,
    commandsScanned: counts.commandsScanned,
    commandsRefused: counts.commandsRefused,
    contextSwitches: sum('contextSwitches'),
    hangs: sum('hangs'),
  };
}

/** What was spent, dearest first; the GPU's engines by what they did. */
export function byCost(stack: Stack, before: Float64Array | undefined): Record<string, number> {
  const spent = costNames.map((name, index): [string, number] => [
    name,
    stack.host.machine.byCost[index] - (before?.[index] ?? 0),
  ]);
  const engines = Object.entries(stack.busyNs()).map(([engine, ns]): [string, number] => [
    `gpu.${engine}`,
    ns,
  ]);
  const switches = stack.bells.reduce((sum, { counts }) => sum + counts.switchNs, 0);
  return Object.fromEntries(
    [...spent, ...engines, ['gpu.tenantSwitch', switches] as const]
      .filter(([, ns]) => ns > 0)
      .sort(([, a], [, b]) => b - a),
  );
}
