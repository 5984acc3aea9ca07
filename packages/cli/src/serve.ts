/** `doorbell serve`: the workbench; or a paravirtual backend for frontends on the network, or for QEMU on this machine. */
import { Option, type Command } from 'commander';
import { pictureSize, wholeNumber, type Size } from './argument.ts';
import { exitCodes, type ExitCode } from './exit-code.ts';
import { Failure, Interrupted } from './failure.ts';
import { onDismissal, onInterrupt } from './interrupt.ts';
import { listenAddress, type ListenAddress } from './listen-address.ts';
import { serveVhostUserAt } from './serve-vhost-user.ts';
import type { Act } from './verb.ts';
import { webOrigin } from './web-origin.ts';

const renderers = ['host', 'software', 'null', 'webgpu'] as const;
type Renderer = (typeof renderers)[number];

interface ServeOptions {
  readonly open?: true;
  readonly backend?: true;
  readonly vhostUser?: string;
  readonly renderer?: Renderer;
  readonly with?: string;
  readonly listen?: ListenAddress;
  readonly token?: string;
  readonly origin?: readonly string[];
  readonly maxConnections?: number;
  readonly size?: Size;
  readonly quiet?: true;
}

export function defineServe(command: Command, act: Act): void {
  command
    .argument('[trace]', 'a trace file that the workbench opens')
    .option('--open', 'show the workbench in a browser')
    .option('--backend', 'serve a virtio-gpu device to each frontend that connects')
    .option('--vhost-user <socket>', 'serve one to a QEMU of this machine, at a path')
    .addOption(
      new Option(
        '--renderer <name>',
        'what draws: the native driver on a GPU, software, nothing, a real GPU',
      )
        .choices(renderers)
        .default(undefined, 'host; software with --vhost-user'),
    )
    .option('--with <folder>', 'a renderer of your own, which draws for --backend')
    .addOption(
      new Option('--listen <host:port>', 'where others connect; port 0 is one that is free')
        .argParser(listenAddress)
        .default(undefined, '127.0.0.1:0'),
    )
    .option('--token <text>', 'what a frontend must know; by default a random one')
    .option(
      '--origin <url>',
      'of web pages that may connect, beside those of this machine; may be repeated',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), webOrigin(text)],
    )
    .addOption(
      new Option('--max-connections <n>', 'frontends at a time')
        .argParser(wholeNumber(1, 1000))
        .default(undefined, '16'),
    )
    .addOption(
      new Option('--size <WxH>', 'of the screen that a frontend is told of')
        .argParser(pictureSize(1, 4096))
        .default(undefined, '640x480'),
    )
    .option('--quiet', 'say nothing of what goes on')
    .addHelpText(
      'after',
      '\nPrints the address of the workbench; or the one that doorbell compare --backend takes, with\nits token; or the arguments that QEMU takes. Ctrl-C ends it.',
    )
    .action(act((trace: string | undefined, options: ServeOptions) => runServe(trace, options)));
}

/** Serves until Ctrl-C, or until it is told to end by SIGTERM or the end of the process that started it. */
async function runServe(trace: string | undefined, options: ServeOptions): Promise<ExitCode> {
  checkKind(trace, options);
  const interrupt = onInterrupt();
  const dismissal = onDismissal();
  try {
    const signal = AbortSignal.any([interrupt.signal, dismissal.signal]);
    await serve(trace, options, signal);
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
function checkKind(trace: string | undefined, options: ServeOptions): void {
  const { open, backend, vhostUser, listen, token, origin, maxConnections, renderer } = options;
  const refuse = (why: string): never => {
    throw new Failure(exitCodes.BAD_INPUT, why);
  };
  if (backend === true && vhostUser !== undefined) {
    refuse('Serve one of the two: --backend, or --vhost-user SOCKET.');
  }
  const isSite = backend === undefined && vhostUser === undefined;
  if (!isSite && (open === true || trace !== undefined)) {
    refuse(
      'A trace and --open are for the workbench: leave --backend and --vhost-user out, or serve it beside.',
    );
  }
  if (isSite && (renderer !== undefined || options.size !== undefined)) {
    refuse('--renderer and --size are for --backend and --vhost-user, not for the workbench.');
  }
  if (backend === undefined && [token, origin, maxConnections].some((each) => each !== undefined)) {
    const kind = vhostUser === undefined ? 'the workbench' : '--vhost-user';
    refuse(`--token, --origin and --max-connections are for --backend, not for ${kind}.`);
  }
  if (options.with !== undefined && (backend !== true || renderer !== undefined)) {
    refuse('--with names what draws for --backend: give it with that, and without --renderer.');
  }
  if (vhostUser !== undefined && listen !== undefined) {
    refuse('--listen is for the workbench and for --backend, not for --vhost-user.');
  }
}

async function serve(
  trace: string | undefined,
  options: ServeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { backend, vhostUser, renderer, token, maxConnections = 16, origin = [] } = options;
  const { listen = listenAddress('127.0.0.1:0'), size = { width: 640, height: 480 } } = options;
  const isQuiet = options.quiet === true;
  if (vhostUser !== undefined) {
    await serveVhostUserAt({
      ...{ socket: vhostUser, renderer: renderer ?? 'software', size, signal },
      say: isQuiet ? () => {} : say,
    });
    return;
  }
  if (backend === true) {
    const { serveBackend } = await import('./serve-backend.ts');
    const request = { listen, token, maxConnections, origins: origin, say, isQuiet, ...size };
    const { loadOwn } = await import('./own-part.ts');
    const own = options.with === undefined ? undefined : await loadOwn(options.with);
    await serveBackend({ ...request, renderer: renderer ?? 'host', own }, signal);
    return;
  }
  // The site's builder is loaded for the site alone.
  const { serveSite } = await import('./serve-site.ts');
  await serveSite({ listen, file: trace, opens: options.open === true, say, isQuiet }, signal);
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
