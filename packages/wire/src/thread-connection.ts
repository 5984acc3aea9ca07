/**
 * A `Connection` between two threads that share doorbells: a message is posted, then the other
 * thread is waked, so that messages and doorbells are seen in the order in which they were sent.
 */
import type { Connection } from './connection.ts';
import type { Doorbells } from './doorbells.ts';

/** This thread's end of a channel. */
export interface ThreadPort {
  /** Gives the bytes away: their buffer is the other thread's then. */
  post(message: Uint8Array): void;
  /**
   * Takes the next message, which was posted; where messages come with the event loop, later.
   * Undefined: there is none, or it is closed.
   */
  take(): unknown;
  close(): void;
}

export class ThreadConnection implements Connection {
  /** What is posted is there at once. */
  readonly buffered = 0;
  private readonly port: ThreadPort;
  private readonly doorbells: Doorbells;
  private onMessage: (message: Uint8Array) => void = () => {};
  private onClose: (reason: string) => void = () => {};
  private ended = false;

  constructor(port: ThreadPort, doorbells: Doorbells) {
    this.port = port;
    this.doorbells = doorbells;
  }

  send(message: Uint8Array): void {
    if (!this.ended) {
      this.port.post(message);
      this.doorbells.ringMessages();
    }
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.onMessage = onMessage;
    this.onClose = onClose;
  }

  close(reason: string): void {
    if (!this.ended) {
      this.ended = true;
      this.port.close();
      this.doorbells.wake(); // whoever runs it has nothing to wait for any more
      this.onClose(reason);
    }
  }

  /**
   * Handles messages and doorbells as they come, messages first, until the connection is closed.
   * @param queues  how many of them have doorbells now, `MAX_DOORBELLS` at most.
   */
  async run(queues: () => number, onRung: (queue: number) => void): Promise<void> {
    while (!this.ended) {
      await this.doorbells.rung();
      await this.takeMessages(this.doorbells.takeMessages());
      if (!this.ended) {
        this.doorbells.eachRung(queues(), onRung);
      }
    }
  }

  private async takeMessages(due: number): Promise<void> {
    for (let left = due; left > 0 && !this.ended; left--) {
      const message = await this.port.take();
      if (message === undefined) {
        return;
      }
      // It may have been closed meanwhile.
      if (!this.isEnded() && message instanceof Uint8Array) {
        this.onMessage(message);
      }
    }
  }

  private isEnded(): boolean {
    return this.ended;
  }
}
