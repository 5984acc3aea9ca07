export type { Check, CheckInfo, CheckResult } from './check/check.ts';
export type { Pictures } from './check/mismatch.ts';
export { driver as referenceDriver } from './reference/driver.ts';
export { checkPart, checksOf, kinds, referenceOf } from './kinds.ts';
export type { ChannelDriver, ChannelPlace, OpenChannel } from './channel/channel-driver.ts';
export type { EduDriver, ProbeEdu } from './edu/edu-driver.ts';
export {
  findLab,
  gradeOf,
  labChecks,
  labName,
  labs,
  type Grade,
  type GroupGrade,
  type Lab,
  type LabGroup,
} from './labs/index.ts';
export { linesOf, mutants, type Mutant } from './mutants/index.ts';
export {
  isKind,
  isNewKind,
  newKinds,
  ownParts,
  partKinds,
  type ChannelPart,
  type EduPart,
  type ProjectPart,
  type InvalidationPart,
  type DriverQueuePart,
  type PackedDriverQueuePart,
  type PackedQueuePart,
  type DevicePart,
  type DriverPart,
  type FrontendPart,
  type MediationPart,
  type Part,
  type PartKind,
  type QueuePart,
  type RendererPart,
  type SchedulerPart,
  type TransportPart,
} from './part.ts';
export { referencePages } from './pages/index.ts';
