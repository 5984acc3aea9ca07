/** A backend in a process of its own, started for one run. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exitCodes } from './exit-code.ts';
import { Failure } from './failure.ts';

const program = fileURLToPath(new URL('../bin/doorbell.mjs', import.meta.url));

export interface ServerProcess {
  /** The line that it printed once it listened. */
  readonly address: string;
  /** Ends it, and waits until it has. */
  close(): Promise<void>;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A backend for frontends on the network. @throws Failure when it ends before it listens. */
export function startServer(renderer: string, { width, height }: Size): Promise<ServerProcess> {
  return serve('--backend', '--renderer', renderer, '--size', `${width}x${height}`);
}

/** A backend for a QEMU of this machine, at a path. @throws Failure as `startServer` does. */
export function startVhostUserServer(path: string): Promise<ServerProcess> {
  return serve('--vhost-user', path);
}

async function serve(...options: readonly string[]): Promise<ServerProcess> {
  const child = spawn(process.execPath, [program, 'serve', ...options, '--quiet'], {
    // Nothing is sent on the channel: its end tells the server that this process ended, in whatever way.
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // Ctrl-C is for the process that the user sees; it ends this one.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  const end = (): void => {
    child.kill('SIGTERM');
  };
  process.once('exit', end);
  const close = async (): Promise<void> => {
    process.off('exit', end);
    end();
    await ended;
  };
  const address = await Promise.race([firstLine(child), ended.then(() => undefined)]);
  if (address === undefined) {
    await close();
    throw new Failure(exitCodes.UNAVAILABLE, 'The backend did not start; it says why above.');
  }
  return { address, close };
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
  });
}
