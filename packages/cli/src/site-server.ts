/** The workbench's site over HTTP: its files, and the trace that the user gave, and nothing else. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv, { type RequestHandler } from 'sirv';
import type { ListenAddress } from './listen-address.ts';

/** Where a page finds it: `traces/NAME`. */
export interface GivenTrace {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The page is isolated from others, and may have shared memory (HTML, "cross-origin isolation"). */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'X-Content-Type-Options': 'nosniff',
  // An address may hold the token of a backend.
  'Referrer-Policy': 'no-referrer',
} as const;

/** The names of files below it hold a hash of what is in them. */
const HASHED = '/assets/';
const FOREVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

export class SiteServer {
  private readonly listen: ListenAddress;
  private readonly trace: GivenTrace | undefined;
  private readonly files: RequestHandler;
  private readonly server: Server;

  /** @throws the system's error when it cannot listen there. */
  static async start(
    folder: string,
    listen: ListenAddress,
    trace?: GivenTrace,
  ): Promise<SiteServer> {
    const site = new SiteServer(folder, listen, trace);
    await new Promise<void>((resolve, reject) => {
      site.server.once('error', reject);
      site.server.listen(listen.port, listen.host, () => {
        site.server.off('error', reject);
        resolve();
      });
    });
    return site;
  }

  private constructor(folder: string, listen: ListenAddress, trace: GivenTrace | undefined) {
    this.listen = listen;
    this.trace = trace;
    this.files = sirv(folder, {
      // Files are looked for when they are asked for: the site may be built anew meanwhile.
      dev: true,
      etag: true,
      setHeaders: (response, path) => {
        response.setHeader('Cache-Control', path.startsWith(HASHED) ? FOREVER : ASK_AGAIN);
      },
    });
    this.server = createServer((request, response) => {
      this.answer(request, response);
    });
  }

  /** Of the page; with the trace, where there is one. */
  get address(): string {
    const { port } = this.server.address() as AddressInfo;
    const { host } = this.listen;
    const name = host.includes(':') ? `[${host}]` : host;
    const query = this.trace === undefined ? '' : `?trace=${encodeURIComponent(this.trace.name)}`;
    return `http://${name}:${port}/${query}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.server.close(resolve);
    });
    this.server.closeAllConnections();
    await closed;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    for (const [name, value] of Object.entries(headers)) {
      response.setHeader(name, value);
    }
    const [path = ''] = (request.url ?? '').split('?');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      refuse(response, 405, 'Files are read here, with GET; nothing else is done.');
    } else if (
      this.trace !== undefined &&
      path === `/traces/${encodeURIComponent(this.trace.name)}`
    ) {
      response.setHeader('Content-Type', 'application/octet-stream');
      response.setHeader('Content-Length', this.trace.bytes.length);
      response.setHeader('Cache-Control', ASK_AGAIN);
      response.end(request.method === 'HEAD' ? undefined : this.trace.bytes);
    } else {
      this.files(request, response, () => {
        refuse(response, 404, `There is no file '${path}' here: the workbench is at /.`);
      });
    }
  }
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${why}\n`);
}
