/** A MessagePort as what the paravirtual pair has messages go through (HTML, "Message ports"). */
import type { Connection, ThreadPort } from '@doorbell/wire';

/** Beside shared memory: the other thread rings, and the message may come a little later. */
export class ThreadPortOf implements ThreadPort {
  private readonly port: MessagePort;
  private readonly arrived: unknown[] = [];
  private waiting: ((message: unknown) => void) | undefined;
  private isClosed = false;

  constructor(port: MessagePort) {
    this.port = port;
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (this.waiting === undefined) {
        this.arrived.push(data);
      } else {
        this.waiting(data);
        this.waiting = undefined;
      }
    };
  }

  post(message: Uint8Array): void {
    give(this.port, message);
  }

  take(): unknown {
    if (this.arrived.length > 0 || this.isClosed) {
      return this.arrived.shift();
    }
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  close(): void {
    this.isClosed = true;
    this.port.close();
    this.waiting?.(undefined);
  }
}

/** Where no memory is shared: all of the pair's messages. */
export class PortConnection implements Connection {
  /** What is posted has left. */
  readonly buffered = 0;
  private readonly port: MessagePort;
  private isClosed = false;
  private onClose: (reason: string) => void = () => {};

  constructor(port: MessagePort) {
    this.port = port;
  }

  send(message: Uint8Array): void {
    if (!this.isClosed) {
      give(this.port, message.slice());
    }
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.onClose = onClose;
    this.port.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (!this.isClosed && data instanceof Uint8Array) {
        onMessage(data);
      }
    };
  }

  close(reason: string): void {
    if (!this.isClosed) {
      this.isClosed = true;
      this.port.close();
      this.onClose(reason);
    }
  }
}

/** Its memory is the other thread's then. */
function give(port: MessagePort, message: Uint8Array): void {
  port.postMessage(message, [message.buffer as ArrayBuffer]);
}
