/** The parts of a GPU that policies promise to tenants that always have work. */
import type { TenantShare } from './scheduler-kind.ts';

/** An equal part for each that is present. */
export function equalParts(present: readonly boolean[]): number[] {
  const count = present.filter(Boolean).length;
  return present.map((here) => (here ? 1 / count : 0));
}

export function partsByWeight(
  tenants: readonly TenantShare[],
  present: readonly boolean[],
): number[] {
  const total = tenants.reduce((sum, { weight }, i) => sum + (present[i] ? weight : 0), 0);
  return tenants.map(({ weight }, i) => (present[i] ? weight / total : 0));
}

/** By weight; what a cap leaves over is the others', by weight again. */
export function partsByWeightAndCap(
  tenants: readonly TenantShare[],
  present: readonly boolean[],
): number[] {
  const parts = tenants.map(() => 0);
  let open = tenants.map((_, i) => i).filter((i) => present[i]);
  let rest = 1;
  while (open.length > 0) {
    const weight = open.reduce((sum, i) => sum + tenants[i].weight, 0);
    const fair = (i: number): number => (rest * tenants[i].weight) / weight;
    const most = (i: number): number => (tenants[i].cap === 0 ? 1 : tenants[i].cap / 100);
    const capped = open.filter((i) => most(i) < fair(i));
    for (const i of capped.length > 0 ? capped : open) {
      parts[i] = Math.min(most(i), fair(i));
    }
    rest -= capped.reduce((sum, i) => sum + parts[i], 0);
    open = capped.length > 0 ? open.filter((i) => !capped.includes(i)) : [];
  }
  return parts;
}
