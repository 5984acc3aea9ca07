export { checkScene } from './check-scene.ts';
export * from './compare.ts';
export * from './deferred-window.ts';
export * from './environment.ts';
export * from './input-error.ts';
export * from './lspci.ts';
export * from './mode-contract.ts';
export { loadModel } from './model.ts';
export type { Mesh } from './mesh.ts';
export { Monitor } from './monitor.ts';
export * from './picture.ts';
export * from './png.ts';
export { referencePages } from './reference.ts';
export * from './own-parts.ts';
export * from './report.ts';
export * from './frames.ts';
export { parseGuest, type GuestText } from './guest-text.ts';
export { messagePair, type MessagePairParts } from './pv/message-pair.ts';
export { connectThread, threadPair } from './pv/thread-pair.ts';
export { serveMessages, serveSharedMemory, type ThreadBackendParts } from './pv/serve-thread.ts';
export * from './pv/remote.ts';
export * from './pv/backend.ts';
export * from './rounded-run.ts';
export * from './run.ts';
export type { Scene, SceneContext } from './scene.ts';
export { renderers, roundsOtherwise, type RendererKind } from './renderers/index.ts';
export {
  openGpuDevice,
  RendererUnavailable,
  type OpenGpuDevice,
} from './renderers/webgpu/device.ts';
export type { PixelsReport } from './rounding.ts';
export { SoftwareRenderer } from './renderers/software.ts';
export { hogOf } from './scenes/hog.ts';
export { findScene, scenes } from './scenes/index.ts';
export * from './stack-spec.ts';
export * from './sensitive/index.ts';
export { engineRates } from './stacks/engine-rates.ts';
export { buildStack } from './stacks/index.ts';
export * from './stacks/stack.ts';
export { VfioLab, type LabOptions, type LabResult } from './vfio/lab.ts';
export { vfioMachines } from './vfio/machine.ts';
export * from './tlp/index.ts';
export * from './step/index.ts';
export { alteredDma, alteredMemory, alteredMmio } from './bugs/altered.ts';
export { bugs, checkFits, findBug } from './bugs/index.ts';
export type { Bug } from './bugs/bug.ts';
export { causeIds, causeRow, type CauseId } from './explain/causes.ts';
export { nothingSaid, type Cause, type Explanation } from './explain/explanation.ts';
export { explainRun } from './explain/run.ts';
export { explainRefusal } from './explain/witness.ts';
export type { SourceLine } from './source/source-log.ts';
export * from './trace/index.ts';
export {
  crossing,
  events as eventRows,
  formatBdf,
  type Actor,
  type EventId,
  type EventKind,
} from '@doorbell/abi';
export {
  costs,
  DEFAULT_WEIGHT,
  profiles,
  type CostName,
  type EventColumns,
  type Profile,
  type TraceEvent,
  type Tracer,
} from '@doorbell/hypervisor';
