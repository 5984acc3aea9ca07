/** What a backend's thread runs: one device, until the thread is ended. */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { LinearMemory } from '@doorbell/abi';
import { Doorbells, ThreadConnection } from '@doorbell/wire';
import { ThreadServer, type DeviceModule } from '../thread-server.ts';
import { hostClock, threadLoop } from './host-clock.ts';

/** As `startWorkerBackend` sends it. */
interface WorkerData {
  readonly device: string;
  readonly options: unknown;
  readonly ram: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
  readonly port: MessagePort;
}

const { device, options, ram, words, port } = workerData as WorkerData;
const { createDevice } = (await import(device)) as DeviceModule;
const doorbells = new Doorbells(words, 'device', threadLoop);
const connection = new ThreadConnection(
  {
    post: (message) => {
      port.postMessage(message, [message.buffer as ArrayBuffer]);
    },
    take: () => receiveMessageOnPort(port)?.message as unknown,
    close: () => {
      port.close();
    },
  },
  doorbells,
);
// Waiting for a doorbell does not keep a thread alive; a port that may bring something does.
port.on('close', () => {
  process.exit();
});
port.ref();
const clock = hostClock();
const memory = new LinearMemory(ram);
const server = new ThreadServer({ connection, doorbells, clock, memory });
const { host, display } = server;
await server.serve(await createDevice(host, { display, clock, options }));
