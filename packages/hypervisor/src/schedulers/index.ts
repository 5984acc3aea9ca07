/** The policies by which virtual machines share a GPU's engines, by the names that users know. */
import { bestEffort } from './best-effort.ts';
import { credit } from './credit.ts';
import { equalShare } from './equal-share.ts';
import { fixedShare } from './fixed-share.ts';
import { roundRobin } from './round-robin.ts';
import { SchedulerError, type SchedulerKind } from './scheduler-kind.ts';
import { weighted } from './weighted.ts';

export type { Policy, PolicyView, TenantView } from './policy-view.ts';
export {
  SchedulerError,
  type SchedulerKind,
  type SchedulerOptions,
  type TenantShare,
} from './scheduler-kind.ts';

export const schedulers: ReadonlyMap<string, SchedulerKind> = new Map(
  [roundRobin, bestEffort, equalShare, fixedShare, weighted, credit].map((kind) => [
    kind.name,
    kind,
  ]),
);

/** @throws SchedulerError when there is none of that name. */
export function findScheduler(name: string): SchedulerKind {
  const kind = schedulers.get(name);
  if (kind === undefined) {
    const known = [...schedulers.keys()].join(', ');
    throw new SchedulerError(`There is no scheduler '${name}'; there is ${known}.`);
  }
  return kind;
}
