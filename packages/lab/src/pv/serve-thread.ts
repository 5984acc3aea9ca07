/** The backend's end of a pair in two threads: over memory that both share, or by messages. */
import { LinearMemory } from '@doorbell/abi';
import { MessageServer, ThreadServer } from '@doorbell/pv-backend';
import { ThreadConnection, type Connection, type Doorbells, type WallClock } from '@doorbell/wire';
import type { OpenGpuDevice } from '../renderers/webgpu/device.ts';
import { remoteBackend, type BackendOptions, type RemoteBackend } from './backend.ts';

export interface ThreadBackendParts {
  readonly options: BackendOptions;
  /** Absent: there is no WebGPU here. */
  readonly openGpuDevice?: OpenGpuDevice;
  readonly clock: WallClock;
  /** Lets everything else on this thread have its turn. */
  readonly breathe: () => Promise<void>;
  /** The device has a bug, and cannot go on. */
  readonly onError: (error: unknown) => void;
}

/** Resolves when the driver has gone. @param ram  the driver's, whole: the device's address 0 is its first byte */
export async function serveSharedMemory(
  parts: ThreadBackendParts,
  connection: ThreadConnection,
  { doorbells, ram }: { readonly doorbells: Doorbells; readonly ram: SharedArrayBuffer },
): Promise<void> {
  const backend = await open(parts, false);
  const memory = new LinearMemory(ram);
  const server = new ThreadServer({ connection, doorbells, clock: parts.clock, memory });
  const device = backend.create(server.host, server.display);
  await server.serve({ device, counts: () => backend.counts() });
}

/** Resolves when the connection has ended. */
export async function serveMessages(
  parts: ThreadBackendParts,
  connection: Connection,
): Promise<void> {
  const backend = await open(parts, true);
  await new Promise((onClose) => {
    new MessageServer({
      ...{ connection, clock: parts.clock, onClose },
      create: (host, display) => backend.create(host, display),
      counts: () => backend.counts(),
    });
  });
}

function open(
  { options, ...parts }: ThreadBackendParts,
  translated: boolean,
): Promise<RemoteBackend> {
  return remoteBackend({ ...options, ...parts, translated });
}
