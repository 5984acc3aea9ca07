export type { Check, CheckInfo, CheckResult } from './check/check.ts';
export type { Pictures } from './check/mismatch.ts';
export { checkPart, checksOf, kinds, referenceOf } from './kinds.ts';
export { linesOf, mutants, type Mutant } from './mutants/index.ts';
export {
  isKind,
  ownParts,
  partKinds,
  type DriverPart,
  type InvalidationPart,
  type MediationPart,
  type Part,
  type PartKind,
  type QueuePart,
  type RendererPart,
  type SchedulerPart,
  type TransportPart,
} from './part.ts';
export { referencePages } from './pages/index.ts';
