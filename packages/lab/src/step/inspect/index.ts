/** What a saved state shows, as plain data. */
export { configSpacesOf, type CapabilityView, type ConfigView } from './config-space.ts';
export { countersOf, enginesOf, type EnginesView } from './counters.ts';
export {
  ownershipOf,
  type Backing,
  type GroupOwnership,
  type GuestDevice,
  type MemberOwnership,
  type Ownership,
} from './ownership.ts';
export { peerQueues, type PeerQueueView } from './peer-queues.ts';
export { registersOf, type FieldView, type RegisterGroup, type RegisterView } from './registers.ts';
export { ringsOf, type RingView } from './ring.ts';
export { scanoutOf } from './scanout.ts';
export {
  schedulersOf,
  type SchedulerView,
  type SharingTenantView,
  type SharingView,
} from './scheduler.ts';
export { queuesOf, type QueueView } from './virtqueue.ts';
export {
  iotlbEntries,
  walkGpu,
  walkIommu,
  type IotlbEntry,
  type PageWalk,
  type WalkStep,
} from './walks.ts';
export type { DumpRow } from './hex-dump.ts';
export { vramRows, vramsOf, type VramQuery } from './vram.ts';
export {
  walkableOf,
  walkOf,
  type Walkable,
  type WalkableChannel,
  type WalkQuery,
} from './walk-query.ts';
