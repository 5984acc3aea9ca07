/** `doorbell serve --backend`: paravirtual devices for frontends on the network. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { openGpuDevice } from '@doorbell/lab/node';
import { remoteBackend, type BackendOptions, type OwnParts } from '@doorbell/lab';
import { BackendServer, type BackendServerParts } from './backend-server.ts';
import { exitCodes } from './exit-code.ts';
import { checkRenderer } from './renderer-check.ts';
import { Failure } from './failure.ts';
import { aborted } from './interrupt.ts';
import { isLoopback, type ListenAddress } from './listen-address.ts';
import { listenFailure } from './listen-failure.ts';

interface BackendRequest extends BackendOptions {
  readonly listen: ListenAddress;
  /** Of which the renderer draws, if there is one. */
  readonly own: OwnParts | undefined;
  readonly token: string | undefined;
  readonly maxConnections: number;
  /** Of web pages that may connect, beside those of this machine. */
  readonly origins: readonly string[];
  /** One line of what happens. */
  readonly say: (line: string) => void;
  readonly isQuiet: boolean;
}

/** Until the signal. @throws Failure when it cannot listen there. */
export async function serveBackend(request: BackendRequest, signal: AbortSignal): Promise<void> {
  const parts = serverParts(request);
  await checkRenderer(request.renderer);
  const server = await startServer(parts);
  try {
    process.stdout.write(`${server.address}\n`);
    parts.say(
      "Give this address to 'doorbell compare --backend', or to the workbench (Backend). Ctrl-C ends.",
    );
    await aborted(signal);
  } finally {
    await server.close();
  }
}

function serverParts(request: BackendRequest): BackendServerParts {
  const { listen, token, maxConnections, origins, say, isQuiet } = request;
  const { renderer, width, height, own } = request;
  if (token === '') {
    throw new Failure(
      exitCodes.BAD_INPUT,
      'The token is empty: leave --token out for a random one.',
    );
  }
  if (!isLoopback(listen)) {
    say(
      `warning: whoever can reach ${listen.host} and learns the token can use this backend; nothing is encrypted.`,
    );
  }
  return {
    ...{ listen, maxConnections, origins },
    token: token ?? randomBytes(16).toString('base64url'),
    open: (clock, onError) =>
      remoteBackend({
        ...{ renderer, clock, onError, width, height, own, openGpuDevice },
        breathe: () => setImmediate(),
        translated: true,
      }),
    say: isQuiet ? () => {} : say,
  };
}

/** @throws Failure when it cannot listen there. */
async function startServer(parts: BackendServerParts): Promise<BackendServer> {
  try {
    return await BackendServer.start(parts);
  } catch (error) {
    throw listenFailure(error as NodeJS.ErrnoException, parts.listen);
  }
}
