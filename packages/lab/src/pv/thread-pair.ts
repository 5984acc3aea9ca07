/** The paravirtual pair in two threads that share the machine's memory: whoever has threads puts it together. */
import { ThreadTransport, type ThreadTransportParts } from '@doorbell/pv-frontend';
import type { WallClock } from '@doorbell/wire';
import { pvCounts } from './message-pair.ts';
import type { RemotePair, RemoteRequest } from './remote.ts';

/** @throws TransportLost when the thread does not answer. */
export async function connectThread(
  request: RemoteRequest,
  parts: Omit<ThreadTransportParts, 'display'>,
): Promise<RemotePair> {
  const transport = await ThreadTransport.connect({ ...parts, display: request.display });
  return threadPair(request, transport, parts.clock);
}

/** A thread that is lost does not come back. */
export function threadPair(
  { memory, dma }: RemoteRequest,
  transport: ThreadTransport,
  clock: WallClock,
): RemotePair {
  return {
    ...{ transport, memory, dma, clock, recovers: false },
    lost: () => transport.lost,
    counts: async () => pvCounts(await transport.deviceCounts(), 0),
    close: () => {
      transport.close('The driver has let go of the device.');
      return Promise.resolve();
    },
  };
}
