/** What a saved state shows, as plain data. */
export { countersOf, enginesOf, type EnginesView } from './counters.ts';
export {
  ownershipOf,
  type Backing,
  type GroupOwnership,
  type GuestDevice,
  type MemberOwnership,
  type Ownership,
} from './ownership.ts';
export { registersOf, type RegisterGroup, type RegisterView } from './registers.ts';
export { ringsOf, type RingView } from './ring.ts';
export { scanoutOf } from './scanout.ts';
export {
  schedulersOf,
  type SchedulerView,
  type SharingTenantView,
  type SharingView,
} from './scheduler.ts';
export { queuesOf, type QueueView } from './virtqueue.ts';
export { iotlbEntries, walkGpu, walkIommu, type IotlbEntry, type Walk } from './walks.ts';
