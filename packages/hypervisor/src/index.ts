export * from './counters.ts';
export * from './host.ts';
export * from './machine.ts';
export * from './profile.ts';
export * from './recorder.ts';
export * from './replay.ts';
export * from './tracer.ts';
export * from './vm.ts';
export type { BarPart, BarPolicy } from './pci-bus.ts';
export type { PciTopology } from './pci-topology.ts';
export type { PciSlots, Port, PortOptions } from './physical-pci.ts';
export type { DeviceModel } from './wiring.ts';
export { sharedWindow } from './shared-window.ts';
export type { Computer } from './computer.ts';
export type { IommuMode, IommuPolicy } from './dma-api.ts';
export * from './invalidation/index.ts';
export { GuestChannels } from './host-bell/guest-channels.ts';
export type { PagePinner } from './host-bell/guest-pages.ts';
export { KernelChannel } from './host-bell/kernel-channel.ts';
export { HostBell, type HostBellState } from './host-bell/host-bell.ts';
export { MdevParent, type MdevTypeEntry } from './mdev/mdev-parent.ts';
export type { MediatedBellState } from './mdev/mediated-bell.ts';
export { mdevTypes } from './mdev/mdev-types.ts';
export type { MediationKind, MediationPolicy, ShadowPlace } from './mdev/mediation-policy.ts';
export { mediations, type ShadowPolicy } from './mdev/mediations.ts';
export { bellMediation } from './mdev/register-policy.ts';
export { OutOfMemory, PageAllocator } from './page-allocator.ts';
export { Iommu, type Domain, type IommuOptions } from './iommu.ts';
export { IommuError, VfioError, type Errno } from './errno.ts';
export type { ContainerState } from './vfio-container.ts';
export type { GroupOwnership, MemberOwnership } from './group-ownership.ts';
export type { DeviceFile } from './device-file.ts';
export type { Iommufd } from './iommufd.ts';
export type { VfioContainer, VfioDevice, VfioGroup } from './vfio.ts';
export { EventCounter } from './event-fd.ts';
export { vfioExtensions } from './vfio-container.ts';
export { irqIndexes, type IrqInfo } from './vfio-interrupts.ts';
export { VfioProcess } from './vfio-process.ts';
export { SriovPf, type SriovPfOptions, type VfQuota } from './sriov-pf.ts';
export type { IommuFault } from './fault-log.ts';
export type { IoAccess, IoPageTableOptions, TablePages } from './io-page-table.ts';
export * from './vtd.ts';
export * from './schedulers/index.ts';
export {
  EngineLedger,
  type EngineLedgerState,
  type EngineSpan,
  type EngineUse,
} from './engine-ledger.ts';
export { describeSharing, type SharingTenantView, type SharingView } from './sharing-view.ts';
export { DEFAULT_WEIGHT, GpuSharing, type SharingOptions, type Tenant } from './gpu-sharing.ts';
export type { Cpu } from './cpu.ts';
export { DeviceHalf } from './device-half.ts';
export { recordedDisplay } from './recorded-display.ts';
export { Deadlock } from './tasks.ts';
export { EndlessPoll } from './poll-watch.ts';
export { waitReasons } from './task-queue.ts';
