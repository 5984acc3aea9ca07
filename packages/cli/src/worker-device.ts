/** The backend that a worker thread runs, for `--pv-transport worker`. */
import { setImmediate } from 'node:timers/promises';
import type { VirtioHost } from '@doorbell/abi';
import { openGpuDevice } from '@doorbell/lab/node';
import { remoteBackend, type BackendOptions } from '@doorbell/lab';
import type { ThreadDevice, ThreadSurroundings } from '@doorbell/pv-backend/node';

/** Called by the thread's program. */
export async function createDevice(
  host: VirtioHost,
  { display, clock, options }: ThreadSurroundings,
): Promise<ThreadDevice> {
  const backend = await remoteBackend({
    ...(options as BackendOptions),
    ...{ clock, openGpuDevice },
    breathe: () => setImmediate(),
    onError: (error) => {
      throw error;
    },
  });
  return { device: backend.create(host, display), counts: () => backend.counts() };
}
