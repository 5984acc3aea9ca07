/** The paravirtual pair with its backend in a thread of its own, over memory that both share where the page may. */
import {
  messagePair,
  connectThread,
  type BackendOptions,
  type RemotePair,
  type RemoteRequest,
} from '@doorbell/lab';
import { Doorbells, ThreadConnection, wallClockOf, type Connection } from '@doorbell/wire';
import type { BackendStart } from './backend-worker.ts';
import { eventLoop } from './event-loop.ts';
import { PortConnection, ThreadPortOf } from './port.ts';

const clock = wallClockOf(globalThis);

/** Whether memory can be shared: the page is isolated from others (HTML, "cross-origin isolated"). */
export const sharesMemory = 'SharedArrayBuffer' in globalThis;

/** @throws TransportLost when the thread does not start; it says why. */
export async function pairWithThread(request: RemoteRequest): Promise<RemotePair> {
  const worker = new Worker(new URL('./backend-worker.ts', import.meta.url), { type: 'module' });
  const { port1, port2 } = new MessageChannel();
  const { ram } = request;
  const shared = ram instanceof ArrayBuffer ? undefined : { ram, words: Doorbells.allocate() };
  const options: BackendOptions = { renderer: request.renderer, ...request.size };
  worker.postMessage({ options, port: port2, shared } satisfies BackendStart, [port2]);
  const onFailure = (end: Connection): void => {
    worker.onerror = ({ message }: Partial<ErrorEvent>) => {
      end.close(`The backend's thread failed: ${message ?? 'its program did not load'}`);
    };
  };
  try {
    const pair = await (shared === undefined
      ? byMessages(request, port1, onFailure)
      : bySharedMemory(request, port1, shared.words, onFailure));
    return {
      ...pair,
      close: async () => {
        await pair.close();
        worker.terminate();
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

function bySharedMemory(
  request: RemoteRequest,
  port: MessagePort,
  words: SharedArrayBuffer,
  onFailure: (end: Connection) => void,
): Promise<RemotePair> {
  const doorbells = new Doorbells(words, 'driver', eventLoop);
  const connection = new ThreadConnection(new ThreadPortOf(port), doorbells);
  onFailure(connection);
  return connectThread(request, { connection, doorbells, clock });
}

/** A thread that has failed does not come back. */
function byMessages(
  request: RemoteRequest,
  port: MessagePort,
  onFailure: (end: Connection) => void,
): Promise<RemotePair> {
  const connection = new PortConnection(port);
  onFailure(connection);
  return messagePair(request, { clock, recoveryNs: 0, connect: () => Promise.resolve(connection) });
}
