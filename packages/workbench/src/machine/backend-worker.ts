/** The thread of a backend that has one of its own: one device, until the thread is ended. */
import { browserGpuDevice } from './gpu-device.ts';
import { serveMessages, serveSharedMemory, type BackendOptions } from '@doorbell/lab';
import { Doorbells, ThreadConnection, wallClockOf } from '@doorbell/wire';
import { eventLoop, turn } from './event-loop.ts';
import { PortConnection, ThreadPortOf } from './port.ts';

/** What it is told at first. */
export interface BackendStart {
  readonly options: BackendOptions;
  readonly port: MessagePort;
  /** The machine's RAM and doorbells; absent where a page may share no memory. */
  readonly shared:
    { readonly ram: SharedArrayBuffer; readonly words: SharedArrayBuffer } | undefined;
}

function serve({ options, port, shared }: BackendStart): Promise<void> {
  const parts = {
    ...{ options, openGpuDevice: browserGpuDevice, breathe: turn, onError: reportError },
    clock: wallClockOf(globalThis),
  };
  if (shared === undefined) {
    return serveMessages(parts, new PortConnection(port));
  }
  const doorbells = new Doorbells(shared.words, 'device', eventLoop);
  const connection = new ThreadConnection(new ThreadPortOf(port), doorbells);
  return serveSharedMemory(parts, connection, { doorbells, ram: shared.ram });
}

addEventListener(
  'message',
  ({ data }: MessageEvent<BackendStart>) => {
    // An error is an event of the thread's, which whoever has started it hears of.
    serve(data).catch(reportError);
  },
  { once: true },
);
