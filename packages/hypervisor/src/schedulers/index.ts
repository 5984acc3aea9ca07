/** The policies by which virtual machines share a GPU's engines, by the names that users know. */
import { bestEffort } from './best-effort.ts';
import { credit } from './credit.ts';
import { equalShare } from './equal-share.ts';
import { fixedShare } from './fixed-share.ts';
import { roundRobin } from './round-robin.ts';
import type { SchedulerKind } from './scheduler-kind.ts';
import { weighted } from './weighted.ts';

export type { PolicyView, TenantView } from './policy-view.ts';
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
