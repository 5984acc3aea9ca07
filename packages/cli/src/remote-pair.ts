/** The paravirtual pair with its backend in a worker thread, or in another process. */
import { noPvCounts } from '@doorbell/lab';
import type { PvCounts, ConnectBackend, RemotePair, RemoteRequest } from '@doorbell/lab';
import { MessageTransport, TransportLost } from '@doorbell/pv-frontend';
import {
  connectWebSocket,
  hostClock,
  startWorkerBackend,
  type Impairment,
} from '@doorbell/pv-frontend/node';
import { workerProgram } from '@doorbell/pv-backend/node';
import type { Connection } from '@doorbell/wire';
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
  const { renderer, size, memory, dma, ram, display } = request;
  const worker = await startWorkerBackend({
    program: workerProgram,
    device: new URL('worker-device.ts', import.meta.url).href,
    options: { renderer, ...size },
    ram: ram as SharedArrayBuffer,
    display,
  });
  const { transport } = worker;
  return {
    ...{ transport, memory, dma, clock: hostClock(), recovers: false },
    close: () => worker.close(),
    lost: () => transport.lost,
    counts: async () => pvCounts(await transport.deviceCounts(), 0),
  };
}

async function webSocketPair(
  request: RemoteRequest,
  { backend, impairment, recoveryNs }: RemoteOptions,
): Promise<RemotePair> {
  const { renderer, size, memory, dma, bus, display, onReplaced } = request;
  const server = backend === undefined ? await startServer(renderer, size) : undefined;
  const address = server?.address ?? backend!;
  // A connection that was cut on purpose is not cut again.
  const again = { ...impairment, dropConnectionAt: Infinity };
  let reconnections = 0;
  const reconnect = async (): Promise<Connection> => {
    const connection = await connectWebSocket(address, again);
    reconnections++;
    onReplaced();
    return connection;
  };
  try {
    const connection = await connectWebSocket(address, impairment);
    const clock = hostClock();
    const parts = { connection, reconnect, clock, memory, dma, bus, display };
    const transport = await MessageTransport.connect(parts);
    return {
      ...{ transport, memory: transport.memory, dma: transport.dma, clock },
      recovers: recoveryNs !== 0,
      ...(recoveryNs === undefined ? {} : { recoveryNs }),
      lost: () => transport.lost,
      counts: async () => {
        const device = await countsOf(transport);
        const here = transport.counts;
        return {
          ...pvCounts(device, here.suppressed),
          bytesMirrored: here.bytesMirroredIn + here.bytesMirroredOut,
          bytesOnWire: here.bytesSent + here.bytesReceived,
          reconnections,
        };
      },
      close: async () => {
        transport.release();
        await server?.close();
      },
    };
  } catch (error) {
    await server?.close();
    throw error;
  }
}

/** A backend that is lost when all work is done has taken its counts along. */
async function countsOf(transport: MessageTransport): Promise<Readonly<Record<string, number>>> {
  try {
    return await transport.deviceCounts();
  } catch (error) {
    if (error instanceof TransportLost) {
      return {};
    }
    throw error;
  }
}

const COMMAND = 'command.';

/** @param device  counters of the device, and of its end of the connection, by name. */
function pvCounts(device: Readonly<Record<string, number>>, suppressedHere: number): PvCounts {
  const commands = Object.entries(device)
    .filter(([name, count]) => name.startsWith(COMMAND) && count > 0)
    .map(([name, count]) => [name.slice(COMMAND.length), count]);
  return {
    ...noPvCounts,
    kicks: device.kicks ?? 0,
    suppressedNotifications: (device.suppressed ?? 0) + suppressedHere,
    descriptors: device.descriptors ?? 0,
    commands: Object.fromEntries(commands) as Record<string, number>,
  };
}
