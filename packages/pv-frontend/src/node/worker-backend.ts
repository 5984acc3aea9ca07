/** Starts a backend in a thread of this process, on memory that both share. */
import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from 'node:worker_threads';
import type { Display } from '@doorbell/abi';
import { Doorbells, ThreadConnection, type ThreadPort } from '@doorbell/wire';
import { ThreadTransport } from '../thread-transport.ts';
import { hostClock, threadLoop } from './host-clock.ts';

export interface WorkerRequest {
  /** What the thread runs: `workerProgram` of `@doorbell/pv-backend/node`. */
  readonly program: URL;
  /** URL of the module that exports `createDevice`. */
  readonly device: string;
  /** What `createDevice` is handed, as a structured clone. */
  readonly options?: unknown;
  /** The machine's RAM, whole: the device's address 0 is its first byte. */
  readonly ram: SharedArrayBuffer;
  /** Where the device's frames go. */
  readonly display: Display;
}

export interface WorkerBackend {
  readonly transport: ThreadTransport;
  /** Ends the thread. */
  close(): Promise<void>;
}

/** @throws TransportLost when the thread does not start; it says why. */
export async function startWorkerBackend(request: WorkerRequest): Promise<WorkerBackend> {
  const { program, device, options, ram, display } = request;
  const words = Doorbells.allocate();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    workerData: { device, options, ram, words, port: port2 },
    transferList: [port2],
  });
  const doorbells = new Doorbells(words, 'driver', threadLoop);
  const connection = new ThreadConnection(threadPort(port1), doorbells);
  worker.once('error', (error) => {
    connection.close(`The backend's thread failed: ${String(error)}`);
  });
  worker.once('exit', (code) => {
    connection.close(`The backend's thread ended, code ${code}.`);
  });
  try {
    const transport = await ThreadTransport.connect({
      ...{ connection, doorbells, display },
      clock: hostClock(),
    });
    return {
      transport,
      close: async () => {
        transport.close('The driver has let go of the device.');
        await worker.terminate();
      },
    };
  } catch (error) {
    await worker.terminate();
    throw error;
  }
}

function threadPort(port: MessagePort): ThreadPort {
  return {
    post: (message) => {
      port.postMessage(message, [message.buffer as ArrayBuffer]);
    },
    take: () => receiveMessageOnPort(port)?.message as unknown,
    close: () => {
      port.close();
    },
  };
}
