/** Listens for frontends on a WebSocket (RFC 6455). */
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { SUBPROTOCOL } from '@doorbell/wire';
import { WebSocketServer } from 'ws';
import { refusal, type Refusal } from './admission.ts';
import { peerLimits, type ListenOptions, type PeerLimits } from './listen-options.ts';
import { Peer } from './peer.ts';

export interface WebSocketListener {
  /** What a frontend connects to: `ws://HOST:PORT/?token=TOKEN`. */
  readonly address: string;
  /** Closes all connections, and listens no more. */
  close(): Promise<void>;
}

/** @throws the system's error when it cannot listen there, such as EADDRINUSE. */
export async function listenWebSocket(options: ListenOptions): Promise<WebSocketListener> {
  const listener = new Listener(options);
  await listener.listen();
  return listener;
}

class Listener implements WebSocketListener {
  private readonly options: ListenOptions;
  private readonly limits: PeerLimits;
  private readonly server: Server;
  private readonly sockets: WebSocketServer;
  private readonly peers = new Set<Peer>();
  /** Connections that are no WebSockets yet. */
  private readonly strangers = new Map<Duplex, NodeJS.Timeout>();

  constructor(options: ListenOptions) {
    this.options = options;
    this.limits = { ...peerLimits, ...options.limits };
    this.sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: this.limits.maxMessageBytes,
      handleProtocols: () => SUBPROTOCOL,
    });
    this.server = createServer((request, response) => {
      response.writeHead(426, { Upgrade: 'websocket', Connection: 'close' });
      response.end('This is a Doorbell backend: connect with a WebSocket.\n');
      request.resume();
    });
    this.server.on('connection', (socket) => {
      this.expect(socket);
    });
    this.server.on('upgrade', (request, socket, head) => {
      this.upgrade(request, socket, head);
    });
  }

  async listen(): Promise<void> {
    const { host, port } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
  }

  get address(): string {
    const { host, token } = this.options;
    const { port } = this.server.address() as AddressInfo;
    const name = host.includes(':') ? `[${host}]` : host;
    return `ws://${name}:${port}/?token=${encodeURIComponent(token)}`;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.server.close(resolve);
    });
    for (const { connection } of this.peers) {
      connection.close('the backend ends');
    }
    for (const socket of this.strangers.keys()) {
      socket.destroy();
    }
    await closed;
  }

  /** Gives a stranger so long to send its whole request, however slowly it does. */
  private expect(socket: Duplex): void {
    if (this.strangers.size >= this.limits.maxConnections + SPARE) {
      socket.destroy();
      return;
    }
    const late = setTimeout(() => {
      this.log(socket, 'was too slow');
      socket.destroy();
    }, this.limits.handshakeTimeoutMs);
    this.strangers.set(socket, late);
    socket.once('close', () => {
      this.know(socket);
    });
  }

  private know(socket: Duplex): void {
    clearTimeout(this.strangers.get(socket));
    this.strangers.delete(socket);
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refused = this.refusalOf(request);
    if (refused !== undefined) {
      this.log(socket, `was refused: ${refused.reason}`);
      refuse(socket, refused);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.know(socket);
      const peer = new Peer(webSocket, this.limits);
      this.peers.add(peer);
      webSocket.once('close', () => this.peers.delete(peer));
      this.options.onConnection(peer.connection, whoIs(socket));
    });
  }

  private refusalOf(request: IncomingMessage): Refusal | undefined {
    const { token, origins = [] } = this.options;
    const refused = refusal(request, token, origins);
    if (refused === undefined && this.peers.size >= this.limits.maxConnections) {
      return { status: 503, reason: `There are ${this.peers.size} connections already.` };
    }
    return refused;
  }

  private log(socket: Duplex, what: string): void {
    this.options.log?.(`${whoIs(socket)} ${what}`);
  }
}

/** Strangers that may be there beyond the connections that are allowed. */
const SPARE = 64;

function whoIs(socket: Duplex): string {
  const { remoteAddress, remotePort } = socket as Duplex & Partial<AddressInfo> & Remote;
  return `${remoteAddress ?? 'a peer that left'}:${remotePort ?? 0}`;
}

interface Remote {
  readonly remoteAddress?: string;
  readonly remotePort?: number;
}

function refuse(socket: Duplex, { status, reason }: Refusal): void {
  const text = `${reason}\n`;
  socket.on('error', () => {}); // the peer may be gone already
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n` +
      `Content-Type: text/plain\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
  );
}
