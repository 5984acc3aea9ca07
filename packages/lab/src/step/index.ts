export { playerOf, type Player } from './player.ts';
export { StepShell, type StepAnswer } from './shell.ts';
export type { Walk } from './walk.ts';
export { granularities } from './granularity.ts';
export type { ReadSource } from './source-view.ts';
export { eventText } from './event-text.ts';
export { stateHash } from './state-hash.ts';
export {
  ownershipOf,
  type Backing,
  type GuestDevice,
  type Ownership,
} from './inspect/ownership.ts';
export {
  schedulersOf,
  type SchedulerView,
  type SharingTenantView,
  type SharingView,
} from './inspect/scheduler.ts';
