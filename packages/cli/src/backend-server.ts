/** Serves paravirtual devices to frontends on the network, one device for each connection. */
import type { Clock, Display, VirtioDevice, VirtioHost } from '@doorbell/abi';
import { MessageServer } from '@doorbell/pv-backend';
import { hostClock, listenWebSocket, type WebSocketListener } from '@doorbell/pv-backend/node';
import type { Connection } from '@doorbell/wire';
import type { ListenAddress } from './listen-address.ts';

/** What stands behind one connection. */
export interface ServedDevice {
  create(host: VirtioHost, display: Display): VirtioDevice;
  counts(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export interface BackendServerParts {
  readonly listen: ListenAddress;
  readonly token: string;
  readonly maxConnections: number;
  /** Of web pages that may connect, beside those of this machine. */
  readonly origins?: readonly string[];
  /** Makes what stands behind a connection. `onError`: it has a bug, and cannot go on. */
  readonly open: (clock: Clock, onError: (error: unknown) => void) => Promise<ServedDevice>;
  /** One line of what happens. */
  readonly say: (line: string) => void;
}

export class BackendServer {
  private readonly parts: BackendServerParts;
  private readonly clock = hostClock();
  private readonly sessions = new Set<Promise<void>>();
  private listener!: WebSocketListener;

  /** @throws the system's error when it cannot listen there. */
  static async start(parts: BackendServerParts): Promise<BackendServer> {
    const server = new BackendServer(parts);
    const { listen, token, maxConnections, origins = [], say } = parts;
    server.listener = await listenWebSocket({
      ...{ host: listen.host, port: listen.port, token, origins },
      limits: { maxConnections },
      log: say,
      onConnection: (connection, who) => {
        server.begin(connection, who);
      },
    });
    return server;
  }

  private constructor(parts: BackendServerParts) {
    this.parts = parts;
  }

  /** What a frontend connects to. */
  get address(): string {
    return this.listener.address;
  }

  /** Ends all connections; resolves when all devices are gone. */
  async close(): Promise<void> {
    await this.listener.close();
    await Promise.all(this.sessions);
  }

  private begin(connection: Connection, who: string): void {
    const fail = (error: unknown): void => {
      const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.parts.say(`${who} is let go of. This is a bug.\n${trace}`);
      connection.close('The backend has failed.');
    };
    const session = this.serve(connection, who, fail)
      .catch(fail)
      .finally(() => this.sessions.delete(session));
    this.sessions.add(session);
  }

  /** Resolves when the connection has ended and its device is gone. */
  private async serve(
    connection: Connection,
    who: string,
    onError: (error: unknown) => void,
  ): Promise<void> {
    const { open, say } = this.parts;
    const served = await open(this.clock, onError);
    try {
      const begun = this.clock.now();
      say(`${who} connected`);
      const [server, reason] = await this.untilClosed(connection, served);
      const { messagesReceived, bytesReceived, bytesSent, frames } = server.counts;
      const seconds = (this.clock.now() - begun) / 1e9;
      say(
        `${who} disconnected after ${seconds.toFixed(1)} s: ${messagesReceived} messages, ` +
          `${megabytes(bytesReceived)} in, ${megabytes(bytesSent)} out, ${frames} frames (${reason})`,
      );
    } finally {
      await served.close();
    }
  }

  private untilClosed(
    connection: Connection,
    served: ServedDevice,
  ): Promise<readonly [MessageServer, string]> {
    return new Promise((resolve) => {
      const server = new MessageServer({
        connection,
        clock: this.clock,
        create: (host, display) => served.create(host, display),
        counts: () => served.counts(),
        onClose: (reason) => {
          resolve([server, oneLine(reason)]);
        },
      });
    });
  }
}

/** A reason may be the peer's own words. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ').trim();
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
