/**
 * A vhost-user-gpu backend for one front-end: our virtio-gpu device half behind QEMU's
 * `-device vhost-user-gpu-pci`. Whatever the other side does ends this connection at most.
 */
import { VhostUserBackend } from './backend.ts';
import type { VhostUserConnection, VhostUserParts } from './connection.ts';

export type {
  ConnectionCounts,
  GpuBackend,
  GpuSinks,
  VhostUserConnection,
  VhostUserParts,
} from './connection.ts';

/**
 * Serves the front-end at the other end of a connected Unix socket, at once. QEMU takes the other
 * end of `libc.socketPair()` as an inherited descriptor n (`-chardev socket,id=vu,fd=n`); close
 * ours of that end once QEMU was started. Listening at a path: see `listenVhostUser`.
 */
export function serveVhostUser(parts: VhostUserParts): VhostUserConnection {
  return new VhostUserBackend(parts);
}
