/** The enlightened driver: virtio-gpu's driver half, over any virtio transport. */
export type { FrontendCounts } from './counts.ts';
export { type Display, probeVirtioGpu, type VirtioGpuDriver } from './driver.ts';
export type { FrontendOptions, FrontendParts } from './options.ts';
export { pciTransport } from './pci-transport.ts';
export { ProbeError } from './probe-error.ts';
export type { DriverQueue, OpenDriverQueue } from './ring/driver-queue.ts';
export { PackedDriverQueue } from './ring/packed.ts';
export { queueLayout, setupAt, type IndirectTables } from './ring/queue-layout.ts';
export { SplitDriverQueue } from './ring/split.ts';
export { MessageTransport, type MessageTransportParts } from './message-transport.ts';
export { ThreadTransport, type ThreadTransportParts } from './thread-transport.ts';
export { TransportLost } from './register-requests.ts';
