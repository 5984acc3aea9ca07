/** `doorbell serve`: the workbench, for a browser. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { loadTrace } from '@doorbell/lab';
import { labEnvironment } from '@doorbell/lab/node';
import { siteFolder, upToDateSite } from '@doorbell/workbench/site';
import open from 'open';
import { fileFailure } from './failure.ts';
import { aborted } from './interrupt.ts';
import { isLoopback, type ListenAddress } from './listen-address.ts';
import { listenFailure } from './listen-failure.ts';
import { SiteServer, type GivenTrace } from './site-server.ts';

interface SiteRequest {
  readonly listen: ListenAddress;
  /** A trace that the page opens. */
  readonly file: string | undefined;
  /** Whether a browser is to show it. */
  readonly opens: boolean;
  /** One line of what happens. */
  readonly say: (line: string) => void;
  readonly isQuiet: boolean;
}

/** Until the signal. @throws Failure when it cannot listen there; InputError of the trace. */
export async function serveSite(
  { listen, file, opens, say, isQuiet }: SiteRequest,
  signal: AbortSignal,
): Promise<void> {
  const trace = file === undefined ? undefined : readGiven(file);
  const tell = isQuiet ? () => {} : say;
  if (!isLoopback(listen)) {
    const what = trace === undefined ? 'the page' : `the page and ${trace.name}`;
    say(`warning: whoever can reach ${listen.host} can load ${what}; nothing is encrypted.`);
  }
  await upToDateSite(tell);
  const server = await start(listen, trace);
  try {
    process.stdout.write(`${server.address}\n`);
    tell('Open this address in a browser. Ctrl-C ends.');
    if (opens) {
      await show(server.address, say);
    }
    await aborted(signal);
  } finally {
    await server.close();
  }
}

/** What cannot be opened is refused here, before a browser shows it. @throws Failure, InputError */
function readGiven(path: string): GivenTrace {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw fileFailure(error, 'read', path);
  }
  loadTrace(path, bytes, labEnvironment.sha256);
  return { name: basename(path), bytes };
}

async function start(listen: ListenAddress, trace: GivenTrace | undefined): Promise<SiteServer> {
  try {
    return await SiteServer.start(siteFolder, listen, trace);
  } catch (error) {
    throw listenFailure(error as NodeJS.ErrnoException, listen);
  }
}

/** Where there is no browser, the address is there. */
async function show(address: string, say: (line: string) => void): Promise<void> {
  const none = (): void => {
    say('No browser was found here: open the address by hand.');
  };
  try {
    const opener = await open(address);
    opener.once('error', none);
    opener.once('exit', (code) => {
      if (code !== 0) {
        none();
      }
    });
  } catch {
    none();
  }
}
