/** One peer's WebSocket as a `Connection`, within its limits. */
import { CLOSE_MS, closeReason, SocketConnection } from '@doorbell/wire';
import type { RawData, WebSocket } from 'ws';
import { Allowance } from './allowance.ts';
import type { PeerLimits } from './listen-options.ts';

/** Close codes, RFC 6455 §7.4.1. */
const closeCodes = { NORMAL: 1000, UNSUPPORTED: 1003 } as const;
/** The longest pause; whoever is still too fast then gets another. */
const MAX_PAUSE_MS = 60_000;

export class Peer {
  readonly connection: SocketConnection;
  private readonly socket: WebSocket;
  private readonly limits: PeerLimits;
  private readonly messages: Allowance;
  private readonly bytes: Allowance;
  private alive = true;
  private readonly first: NodeJS.Timeout;
  private readonly heartbeat: NodeJS.Timeout;
  private pause: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, limits: PeerLimits) {
    this.socket = socket;
    this.limits = limits;
    this.messages = new Allowance(limits.messagesPerSecond, performance.now());
    this.bytes = new Allowance(limits.bytesPerSecond, performance.now());
    this.connection = new SocketConnection({
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      send: (message, sent) => {
        socket.send(message, sent);
      },
      close: (reason) => {
        this.close(closeCodes.NORMAL, reason);
      },
    });
    this.first = setTimeout(() => {
      this.drop(`nothing was said in ${limits.handshakeTimeoutMs} ms`);
    }, limits.handshakeTimeoutMs);
    this.heartbeat = setInterval(() => {
      this.beat();
    }, limits.keepAliveMs);
    this.listen();
  }

  private listen(): void {
    const { socket } = this;
    socket.on('message', (data, isBinary) => {
      this.arrived(data, isBinary);
    });
    socket.on('pong', () => {
      this.alive = true;
    });
    socket.on('error', (error) => {
      this.drop(error.message);
    });
    socket.on('close', (code, reason) => {
      this.release();
      this.connection.closed(reason.toString() || `the connection closed, code ${code}`);
    });
  }

  private arrived(data: RawData, isBinary: boolean): void {
    this.alive = true;
    clearTimeout(this.first);
    if (!isBinary || !Buffer.isBuffer(data)) {
      this.close(closeCodes.UNSUPPORTED, 'messages are binary');
      this.connection.closed('it sent text');
      return;
    }
    this.account(data.length);
    // A plain view: slice() of a Buffer does not copy, against what holds for every other array.
    this.connection.arrived(new Uint8Array(data.buffer, data.byteOffset, data.length));
  }

  /** Reads no more for as long as what was sent takes at the rate that is allowed. */
  private account(bytes: number): void {
    const now = performance.now();
    const wait = Math.max(this.messages.take(1, now), this.bytes.take(bytes, now));
    if (wait > 0) {
      clearTimeout(this.pause);
      this.socket.pause();
      this.pause = setTimeout(
        () => {
          this.pause = undefined;
          this.socket.resume();
        },
        Math.min(wait, MAX_PAUSE_MS),
      );
    }
  }

  private beat(): void {
    if (!this.alive && this.pause === undefined) {
      this.drop(`no sign of life in ${this.limits.keepAliveMs} ms`);
      return;
    }
    this.alive = false;
    this.socket.ping();
  }

  private close(code: number, reason: string): void {
    this.socket.resume();
    this.socket.close(code, closeReason(reason));
    setTimeout(() => {
      this.socket.terminate();
    }, CLOSE_MS).unref();
  }

  private drop(reason: string): void {
    this.release();
    this.socket.terminate();
    this.connection.closed(reason);
  }

  private release(): void {
    clearTimeout(this.first);
    clearInterval(this.heartbeat);
    clearTimeout(this.pause);
  }
}
