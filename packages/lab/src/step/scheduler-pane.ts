/** Who has a shared GPU's engines, and who waits for them, as lines of text. */
import type { StackState } from '../stacks/stack.ts';
import { schedulersOf, type SchedulerView, type SharingTenantView } from './inspect/scheduler.ts';

export function showSchedulers(state: StackState): string[] {
  const views = schedulersOf(state);
  return views.length === 0 ? ['No GPU is shared by a scheduler.'] : views.flatMap(schedulerLines);
}

function schedulerLines({ now, running, gone, sharing }: SchedulerView): string[] {
  const { policy, sliceNs, turn, until, line, tenants } = sharing;
  const has =
    running === undefined ? 'nobody has' : `${running < 0 ? 'the host' : `tenant ${running}`} has`;
  const ends = until === Infinity ? 'with no end set' : `until ${microseconds(until)}`;
  const whose = turn < 0 ? "nobody's turn" : `the turn of tenant ${turn}, ${ends}`;
  return [
    `${policy}, slices of ${microseconds(sliceNs)}, at ${microseconds(now)}: ${has} the engines; ${whose}`,
    `  ready: ${line.length === 0 ? 'nobody else' : line.map((tenant) => `tenant ${tenant}`).join(', ')}`,
    ...tenants.map((each, tenant) => {
      const isLate = tenant !== running && each.since !== undefined;
      const left = gone.includes(tenant) ? 'left, ' : '';
      return `  tenant ${tenant}: ${left}${tenantText(each, isLate)}`;
    }),
  ];
}

function tenantText(tenant: SharingTenantView, isLate: boolean): string {
  const { state, kept, since, busyNs, waitNs } = tenant;
  return [
    isLate && since !== undefined ? `${state} since ${microseconds(since)}` : state,
    `ran ${microseconds(busyNs)}`,
    `waited ${microseconds(waitNs)}`,
    ...Object.entries(kept).map(([name, value]) =>
      typeof value === 'number' && name.endsWith('Ns')
        ? `${name.slice(0, -2)} ${microseconds(value)}`
        : `${name} ${value}`,
    ),
  ].join(', ');
}

function microseconds(ns: number): string {
  return `${(ns / 1000).toFixed(3)} us`;
}
