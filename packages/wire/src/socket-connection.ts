/** A `Connection` over a socket that keeps messages whole, such as a WebSocket. */
import type { Connection } from './connection.ts';
import { MessagePool } from './message-pool.ts';

/** What is asked of such a socket. */
export interface MessageSocket {
  /** Bytes that were sent and have not left yet. */
  readonly bufferedAmount: number;
  /** Calls `sent` once the message has left, or cannot leave. Its bytes must stay until then. */
  send(message: Uint8Array, sent: () => void): void;
  close(reason: string): void;
}

export class SocketConnection implements Connection {
  private readonly socket: MessageSocket;
  private readonly pool = new MessagePool();
  private onMessage: ((message: Uint8Array) => void) | undefined;
  private onClose: ((reason: string) => void) | undefined;
  /** What arrived before anybody asked for it. */
  private early: Uint8Array[] = [];
  private waiting: (() => void)[] = [];
  private ended: string | undefined;

  constructor(socket: MessageSocket) {
    this.socket = socket;
  }

  send(message: Uint8Array): void {
    if (this.ended === undefined) {
      this.socket.send(message, () => {
        this.pool.release(message);
        this.sent();
      });
    }
  }

  allocate(bytes: number): Uint8Array {
    return this.pool.take(bytes);
  }

  get buffered(): number {
    return this.ended === undefined ? this.socket.bufferedAmount : 0;
  }

  drained(): Promise<void> {
    if (this.buffered === 0) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }

  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.onMessage = onMessage;
    this.onClose = onClose;
    // Never before the caller has gone on: it may not be ready for messages yet.
    void Promise.resolve().then(() => {
      this.deliverEarly();
    });
  }

  close(reason: string): void {
    if (this.ended === undefined) {
      this.socket.close(reason);
      this.closed(reason);
    }
  }

  /** The socket's owner calls it with each message that arrives. */
  arrived(message: Uint8Array): void {
    if (this.ended !== undefined) {
      return;
    }
    if (this.onMessage === undefined || this.early.length > 0) {
      this.early.push(message);
    } else {
      this.onMessage(message);
    }
  }

  /** The socket's owner calls it when the socket has closed. */
  closed(reason: string): void {
    if (this.ended === undefined) {
      this.ended = reason;
      this.sent();
      this.tellClosed();
    }
  }

  private deliverEarly(): void {
    while (this.early.length > 0 && this.onMessage !== undefined) {
      this.onMessage(this.early[0]);
      this.early.shift();
    }
    this.tellClosed();
  }

  /** Once, after all messages. */
  private tellClosed(): void {
    if (this.ended !== undefined && this.onClose !== undefined && this.early.length === 0) {
      const { onClose } = this;
      this.onClose = undefined;
      onClose(this.ended);
    }
  }

  private sent(): void {
    if (this.waiting.length > 0) {
      for (const resolve of this.waiting.splice(0)) {
        resolve();
      }
    }
  }
}
