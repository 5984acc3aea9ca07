export type { DeviceQueue } from './ring/device-queue.ts';
export { PackedDeviceQueue } from './ring/packed.ts';
export { SplitDeviceQueue } from './ring/split.ts';
export { MessageServer, type MessageServerParts } from './message-server.ts';
export type { DeviceCounts } from './gpu/counts.ts';
export type { CursorImage, CursorPlace, CursorSink } from './gpu/cursor.ts';
export type { Limits } from './gpu/limits.ts';
export { VirtioGpu, type VirtioGpuParts } from './gpu/virtio-gpu.ts';
