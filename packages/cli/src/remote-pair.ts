/** The paravirtual pair with its backend in a worker thread, or in another process. */
import {
  messagePair,
  threadPair,
  type ConnectBackend,
  type RemotePair,
  type RemoteRequest,
} from '@doorbell/lab';
import {
  connectWebSocket,
  hostClock,
  startWorkerBackend,
  type Impairment,
} from '@doorbell/pv-frontend/node';
import { workerProgram } from '@doorbell/pv-backend/node';
import { startServer } from './server-process.ts';

export interface RemoteOptions {
  /** `ws://…?token=…`; absent: a process is started for each run. */
  readonly backend?: string;
  readonly impairment: Partial<Impairment>;
  /** How long a backend that is lost is waited for; 0: not at all. Absent: as long as the driver does. */
  readonly recoveryNs?: number;
}

export function backendConnector(options: RemoteOptions): ConnectBackend {
  return (transport, request) =>
    transport === 'worker' ? workerPair(request) : webSocketPair(request, options);
}

async function workerPair(request: RemoteRequest): Promise<RemotePair> {
  const { renderer, size, ram, display } = request;
  const worker = await startWorkerBackend({
    program: workerProgram,
    device: new URL('worker-device.ts', import.meta.url).href,
    options: { renderer, ...size },
    ram: ram as SharedArrayBuffer,
    display,
  });
  return { ...threadPair(request, worker.transport, hostClock()), close: () => worker.close() };
}

async function webSocketPair(
  request: RemoteRequest,
  { backend, impairment, recoveryNs }: RemoteOptions,
): Promise<RemotePair> {
  const { renderer, size } = request;
  const server = backend === undefined ? await startServer(renderer, size) : undefined;
  const address = server?.address ?? backend!;
  // A connection that was cut on purpose is not cut again.
  const again = { ...impairment, dropConnectionAt: Infinity };
  try {
    const pair = await messagePair(request, {
      connect: (isAgain) => connectWebSocket(address, isAgain ? again : impairment),
      clock: hostClock(),
      ...(recoveryNs === undefined ? {} : { recoveryNs }),
    });
    return {
      ...pair,
      close: async () => {
        await pair.close();
        await server?.close();
      },
    };
  } catch (error) {
    await server?.close();
    throw error;
  }
}
