/** QEMU and Linux at the other end of our drivers and devices. */
export { bundleFolder } from './cache.ts';
export { bundleNames, type BundleName } from './debian/bundles.ts';
export { fetchBundle, type FetchOptions, type FetchProgress } from './debian/fetch.ts';
export { FetchError } from './debian/program.ts';
export { openCommandRace } from './differential-gpu/command-race.ts';
export { openFlipRace } from './linux/flip-race.ts';
export { getCommand, missing, needs, needStatus, type NeedStatus } from './needs.ts';
export type { Need, Peer, PeerRun } from './peer.ts';
export { PeerUnavailable } from './peer-unavailable.ts';
export { peers } from './programs/index.ts';
export { referencePages } from './reference.ts';
export { findEmulator } from './qemu/emulator.ts';
export { type QtestMachine, type QtestOptions, startQtestMachine } from './qtest/machine.ts';
export * from './run.ts';
export { MOST_EVENTS, PeerRecorder } from './trace/peer-recorder.ts';
export { type Libc, loadLibc } from './native/libc.ts';
export {
  listenVhostUser,
  PathTaken,
  type VhostUserListener,
  type VhostUserListenerParts,
} from './vhost-user/listener.ts';
export {
  type ConnectionCounts,
  type GpuBackend,
  type GpuSinks,
  serveVhostUser,
  type VhostUserConnection,
  type VhostUserParts,
} from './vhost-user/server.ts';
