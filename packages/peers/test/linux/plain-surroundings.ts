/** What a peer's run is handed in tests: our device with the plain renderer, and no scenes. */
import type { RunPeerOptions } from '../../src/run.ts';
import type { GpuBackend } from '../../src/vhost-user/server.ts';
import { plainBackend } from '../vhost-user/plain-backend.ts';

/** With all that the device counts. */
function countedBackend(): GpuBackend {
  const plain = plainBackend();
  return {
    create: (host, display, sinks) => plain.create(host, display, sinks),
    close: () => plain.close(),
    counts: () => {
      const { commands, ...numbers } = plain.device.counts;
      const named = Object.entries(commands).map(([name, count]) => [`command.${name}`, count]);
      return { ...numbers, ...(Object.fromEntries(named) as Record<string, number>) };
    },
  };
}

export const plainSurroundings: Pick<RunPeerOptions, 'frames' | 'openBackend'> = {
  frames: () => Promise.reject(new Error('No scene is asked for.')),
  openBackend: async () => countedBackend(),
};
