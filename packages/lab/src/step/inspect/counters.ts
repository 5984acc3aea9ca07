/** What a saved state has counted, and who waits for the GPU. */
import type { StackState } from '../../stacks/stack.ts';
import { functionsOf, hostOf, partOf } from './saved.ts';

/** By name; exits by reason, as `exits.mmio-write`. */
export function countersOf(state: StackState): ReadonlyMap<string, number> {
  const { machine, iommu } = hostOf(state);
  const { exitsByReason, ...counts } = machine.counts;
  const exits = Object.entries(exitsByReason);
  const bells = functionsOf(state).flatMap((each) => partOf(each) ?? []);
  const sum = (name: 'packets' | 'fences' | 'doorbells' | 'faults' | 'flips' | 'contextSwitches') =>
    bells.reduce((total, { counts: own }) => total + own[name], 0);
  return new Map([
    ['exits', exits.reduce((total, [, count]) => total + count, 0)],
    ...exits.map(([reason, count]): [string, number] => [`exits.${reason}`, count]),
    ...Object.entries(counts),
    ...Object.entries(iommu.counts).filter((entry): entry is [string, number] => entry[0] !== ''),
    ['packets', sum('packets')],
    ['fences', sum('fences')],
    ['doorbells', sum('doorbells')],
    ['gpuFaults', sum('faults')],
    ['flips', sum('flips')],
    ['contextSwitches', sum('contextSwitches')],
  ]);
}

/** The engines of one GPU. */
export interface EnginesView {
  /** The channel whose packet runs; undefined: none. */
  readonly running: number | undefined;
  readonly engine: string;
  /** Until the packet is done, in nanoseconds. */
  readonly leftNs: number;
  /** Channels that have packets, and the tenant of each. */
  readonly wanting: readonly { readonly channel: number; readonly tenant: number }[];
}

export function enginesOf(state: StackState): readonly EnginesView[] {
  const { now } = hostOf(state).machine;
  return functionsOf(state).flatMap((each) => {
    const scheduler = partOf(each)?.scheduler;
    if (scheduler === undefined) {
      return [];
    }
    const { running, demand } = scheduler;
    return [
      {
        running: running?.channel,
        engine: running?.engine ?? '',
        leftNs: running === undefined ? 0 : running.since + running.ns - now,
        wanting: [...demand.wanting].map((channel) => ({
          channel,
          tenant: demand.tenants[channel],
        })),
      },
    ];
  });
}
