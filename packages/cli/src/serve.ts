/** `doorbell serve`: a paravirtual backend for frontends on the network, or for QEMU on this machine. */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { remoteBackend } from '@doorbell/lab';
import { Option, type Command } from 'commander';
import { pictureSize, wholeNumber, type Size } from './argument.ts';
import { BackendServer, type BackendServerParts } from './backend-server.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { aborted, onDismissal, onInterrupt } from './interrupt.ts';
import { serveVhostUserAt } from './serve-vhost-user.ts';
import { isLoopback, listenAddress, type ListenAddress } from './listen-address.ts';

const renderers = ['host', 'software', 'null'] as const;
type Renderer = (typeof renderers)[number];

interface ServeOptions {
  readonly backend?: true;
  readonly vhostUser?: string;
  readonly renderer?: Renderer;
  readonly listen?: ListenAddress;
  readonly token?: string;
  readonly maxConnections?: number;
  readonly size: Size;
  readonly quiet?: true;
}

export function defineServe(command: Command): void {
  command
    .option('--backend', 'serve a virtio-gpu device to each frontend that connects')
    .option('--vhost-user <socket>', 'serve one to a QEMU of this machine, at a path')
    .addOption(
      new Option('--renderer <name>', 'what draws: the native driver on a GPU, software, nothing')
        .choices(renderers)
        .default(undefined, 'host; software with --vhost-user'),
    )
    .addOption(
      new Option('--listen <host:port>', 'where frontends connect; port 0 is one that is free')
        .argParser(listenAddress)
        .default(undefined, '127.0.0.1:0'),
    )
    .option('--token <text>', 'what a frontend must know; by default a random one')
    .addOption(
      new Option('--max-connections <n>', 'frontends at a time')
        .argParser(wholeNumber(1, 1000))
        .default(undefined, '16'),
    )
    .addOption(
      new Option('--size <WxH>', 'of the screen that a frontend is told of')
        .argParser(pictureSize(1, 4096))
        .default({ width: 640, height: 480 }, '640x480'),
    )
    .option('--quiet', 'say nothing of connections')
    .addHelpText(
      'after',
      '\nPrints the address, with its token, that doorbell compare --backend takes; or the arguments\nthat QEMU takes. Ctrl-C ends it.',
    );
}

/** Serves until Ctrl-C, or until it is told to end by SIGTERM or the end of the process that started it. */
export async function runServe(options: ServeOptions): Promise<ExitCode> {
  checkKind(options);
  const { vhostUser } = options;
  const interrupt = onInterrupt();
  const dismissal = onDismissal();
  try {
    const signal = AbortSignal.any([interrupt.signal, dismissal.signal]);
    await (vhostUser === undefined
      ? serveFrontends(options, signal)
      : serveQemu(options, vhostUser, signal));
  } finally {
    dismissal.release();
    interrupt.release();
  }
  if (interrupt.signal.aborted) {
    throw new Interrupted();
  }
  return exitCodes.DONE;
}

/** @throws Failure unless it is one kind, with options of that kind. */
function checkKind({ backend, vhostUser, listen, token, maxConnections }: ServeOptions): void {
  const refuse = (why: string): never => {
    throw new Failure(exitCodes.BAD_INPUT, why);
  };
  if (vhostUser === undefined) {
    return backend === true
      ? undefined
      : refuse('Say what to serve: doorbell serve --backend, or --vhost-user SOCKET.');
  }
  if (backend === true) {
    refuse('Serve one of the two: --backend, or --vhost-user SOCKET.');
  }
  if (listen !== undefined || token !== undefined || maxConnections !== undefined) {
    refuse('--listen, --token and --max-connections are for --backend, not for --vhost-user.');
  }
}

async function serveFrontends(options: ServeOptions, signal: AbortSignal): Promise<void> {
  const parts = serverParts(options);
  const server = await startServer(parts);
  try {
    process.stdout.write(`${server.address}\n`);
    parts.say("Give this address to 'doorbell compare --backend'. Ctrl-C ends.");
    await aborted(signal);
  } finally {
    await server.close();
  }
}

async function serveQemu(
  { renderer = 'software', size, quiet }: ServeOptions,
  socket: string,
  signal: AbortSignal,
): Promise<void> {
  await serveVhostUserAt({ socket, renderer, size, signal, say: quiet === true ? () => {} : say });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

function serverParts({
  renderer = 'host',
  listen = listenAddress('127.0.0.1:0'),
  token,
  size,
  ...options
}: ServeOptions): BackendServerParts {
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
    maxConnections: options.maxConnections ?? 16,
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
