export type { Check, CheckInfo, CheckResult } from './check/check.ts';
export type { Pictures } from './check/mismatch.ts';
export { referencePages } from './reference-pages.ts';
export { checkPart, checksOf, kinds, referenceOf } from './kinds.ts';
export {
  isKind,
  ownParts,
  partKinds,
  type DriverPart,
  type Part,
  type PartKind,
  type QueuePart,
  type RendererPart,
  type SchedulerPart,
} from './part.ts';
