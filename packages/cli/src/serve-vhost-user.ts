/** `doorbell serve --vhost-user`: a virtio-gpu for a QEMU on this machine. */
import { hostClock } from '@doorbell/pv-backend/node';
import {
  type ConnectionCounts,
  listenVhostUser,
  loadLibc,
  PathTaken,
  PeerUnavailable,
  type VhostUserConnection,
  type VhostUserListener,
} from '@doorbell/peers';
import { openGpuDevice } from '@doorbell/lab/node';
import { remoteBackend, type RendererKind } from '@doorbell/lab';
import { setImmediate } from 'node:timers/promises';
import type { Size } from './argument.ts';
import { aborted } from './interrupt.ts';
import { exitCodes } from './exit-code.ts';
import { checkRenderer } from './renderer-check.ts';
import { Failure, fileFailure } from './failure.ts';

export interface VhostUserOptions {
  /** A path. */
  readonly socket: string;
  readonly renderer: RendererKind;
  /** Of the screen until QEMU says what its own is like. */
  readonly size: Size;
  readonly signal: AbortSignal;
  /** One line of what happens. */
  readonly say: (line: string) => void;
}

/** Serves until the signal. @throws Failure when it cannot listen there. */
export async function serveVhostUserAt(options: VhostUserOptions): Promise<void> {
  await checkRenderer(options.renderer);
  const failed = new AbortController();
  const listener = await listen(options, (error) => failed.abort(error));
  try {
    process.stdout.write(`${qemuArguments(options.socket)}\n`);
    options.say('Give these arguments to QEMU, with the size of its memory. Ctrl-C ends.');
    await aborted(AbortSignal.any([options.signal, failed.signal]));
    failed.signal.throwIfAborted();
  } finally {
    await listener.close();
  }
}

async function listen(
  options: VhostUserOptions,
  onError: (error: unknown) => void,
): Promise<VhostUserListener> {
  const { socket: path, renderer, size, say } = options;
  const clock = hostClock();
  try {
    return listenVhostUser({
      ...{ libc: await loadLibc(), path, onError },
      open: () =>
        remoteBackend({
          ...{ renderer, clock, onError, openGpuDevice, ...size },
          breathe: () => setImmediate(),
        }),
      onConnected: (connection) => {
        void report(connection, say);
      },
    });
  } catch (error) {
    throw listenFailure(error, path);
  }
}

/** Of a Unix socket's path, in bytes: sun_path without its end (unix(7)). */
const MOST_PATH = 107;

function listenFailure(error: unknown, path: string): Error {
  if (Buffer.byteLength(path) > MOST_PATH) {
    const why = `a socket's path has at most ${MOST_PATH} bytes`;
    return new Failure(exitCodes.BAD_INPUT, `Cannot listen at '${path}': ${why}.`);
  }
  if (error instanceof PeerUnavailable) {
    return new Failure(exitCodes.UNAVAILABLE, error.message);
  }
  if (error instanceof PathTaken) {
    return new Failure(
      error.isListening ? exitCodes.UNAVAILABLE : exitCodes.BAD_INPUT,
      `${error.message} Choose another path for --vhost-user.`,
    );
  }
  return fileFailure(error, 'listen at', path);
}

async function report(connection: VhostUserConnection, say: (line: string) => void): Promise<void> {
  const begun = performance.now();
  say('QEMU connected');
  const reason = await connection.closed;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  say(`QEMU disconnected after ${seconds} s: ${summary(connection.counts)} (${reason})`);
}

function summary({ kicks, frames, bytesShown, device }: ConnectionCounts): string {
  const commands = Object.entries(device)
    .filter(([name]) => name.startsWith('command.'))
    .reduce((sum, [, count]) => sum + count, 0);
  const { bytesFetched = 0 } = device;
  return (
    `${kicks} kicks, ${commands} commands, ${megabytes(bytesFetched)} fetched, ` +
    `${megabytes(bytesShown)} shown, ${frames} frames`
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** For a shell. QEMU takes the memory of its guest from what it can share. */
function qemuArguments(socket: string): string {
  const chardev = `socket,id=doorbell,path=${socket.replaceAll(',', ',,')}`;
  return [
    '-m 1G -object memory-backend-memfd,id=mem,size=1G,share=on -machine memory-backend=mem',
    `-chardev ${quoted(chardev)} -vga none -device vhost-user-gpu-pci,chardev=doorbell`,
  ].join(' ');
}

function quoted(text: string): string {
  return /^[\w,=./:@+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
