/** `doorbell serve --backend`: a paravirtual backend that frontends reach over a WebSocket. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { remoteBackend } from '@doorbell/lab';
import { Option, type Command } from 'commander';
import { pictureSize, wholeNumber, type Size } from './argument.ts';
import { BackendServer, type BackendServerParts } from './backend-server.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { onDismissal, onInterrupt } from './interrupt.ts';
import { isLoopback, listenAddress, type ListenAddress } from './listen-address.ts';

const renderers = ['host', 'software', 'null'] as const;

interface ServeOptions {
  readonly backend?: true;
  readonly renderer: (typeof renderers)[number];
  readonly listen: ListenAddress;
  readonly token?: string;
  readonly maxConnections: number;
  readonly size: Size;
  readonly quiet?: true;
}

export function defineServe(command: Command): void {
  command
    .option('--backend', 'serve a virtio-gpu device to each frontend that connects')
    .addOption(
      new Option('--renderer <name>', 'what draws: the native driver on a GPU, software, nothing')
        .choices(renderers)
        .default('host'),
    )
    .addOption(
      new Option('--listen <host:port>', 'where; port 0 is one that is free')
        .argParser(listenAddress)
        .default(listenAddress('127.0.0.1:0'), '127.0.0.1:0'),
    )
    .option('--token <text>', 'what a frontend must know; by default a random one')
    .addOption(
      new Option('--max-connections <n>', 'frontends at a time')
        .argParser(wholeNumber(1, 1000))
        .default(16),
    )
    .addOption(
      new Option('--size <WxH>', 'of the screen that a frontend is told of')
        .argParser(pictureSize(1, 4096))
        .default({ width: 640, height: 480 }, '640x480'),
    )
    .option('--quiet', 'say nothing of connections')
    .addHelpText(
      'after',
      '\nPrints the address, with its token, that doorbell compare --backend takes. Ctrl-C ends it.',
    );
}

/** Serves until Ctrl-C, or until it is told to end by SIGTERM or the end of the process that started it. */
export async function runServe(options: ServeOptions): Promise<ExitCode> {
  if (options.backend !== true) {
    throw new Failure(exitCodes.BAD_INPUT, 'Say what to serve: doorbell serve --backend.');
  }
  const interrupt = onInterrupt();
  const dismissal = onDismissal();
  try {
    const parts = serverParts(options);
    const server = await startServer(parts);
    try {
      process.stdout.write(`${server.address}\n`);
      parts.say("Give this address to 'doorbell compare --backend'. Ctrl-C ends.");
      await aborted(AbortSignal.any([interrupt.signal, dismissal.signal]));
    } finally {
      await server.close();
    }
  } finally {
    dismissal.release();
    interrupt.release();
  }
  if (interrupt.signal.aborted) {
    throw new Interrupted();
  }
  return exitCodes.DONE;
}

function serverParts({
  renderer,
  listen,
  token,
  size,
  ...options
}: ServeOptions): BackendServerParts {
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
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
    listen,
    token: token ?? randomBytes(16).toString('base64url'),
    maxConnections: options.maxConnections,
    open: (clock, onError) =>
      remoteBackend({
        renderer,
        clock,
        onError,
        breathe: () => setImmediate(),
        translated: true,
        ...size,
      }),
    say: options.quiet === true ? () => {} : say,
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

function listenFailure(error: NodeJS.ErrnoException, { host, port }: ListenAddress): Error {
  const { BAD_INPUT, UNAVAILABLE } = exitCodes;
  switch (error.code) {
    case 'EADDRINUSE':
      return new Failure(
        UNAVAILABLE,
        `Port ${port} of ${host} is in use: end what listens there, or choose another port with --listen ${host}:PORT.`,
      );
    case 'EACCES':
      return new Failure(
        UNAVAILABLE,
        `Port ${port} needs privileges: choose one from 1024 on with --listen ${host}:PORT.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Failure(
        BAD_INPUT,
        `This machine has no address '${host}': 127.0.0.1 is for this machine alone, 0.0.0.0 for all that can reach it.`,
      );
    default:
      return error;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
    }
    signal.addEventListener('abort', () => {
      resolve();
    });
  });
}
