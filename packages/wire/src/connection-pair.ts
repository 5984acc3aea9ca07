/** Two ends of a connection in one thread. Messages arrive later, never within `send`. */
import type { Connection } from './connection.ts';

export class PairedConnection implements Connection {
  buffered = 0;
  /** While true nothing leaves: a peer that does not read. */
  private held = false;
  private peer: PairedConnection | undefined;
  private open = true;
  private readonly queue: Uint8Array[] = [];
  private onMessage: (message: Uint8Array) => void = () => {};
  private onClose: (reason: string) => void = () => {};
  private readonly draining: (() => void)[] = [];

  connect(peer: PairedConnection): void {
    this.peer = peer;
  }

  send(message: Uint8Array): void {
    if (this.open) {
      this.queue.push(message);
      this.buffered += message.length;
      void this.leave();
    }
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.draining.push(resolve);
      if (!this.open || this.buffered === 0) {
        this.drain();
      }
    });
  }

  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.onMessage = onMessage;
    this.onClose = onClose;
  }

  close(reason: string): void {
    if (this.open) {
      this.open = false;
      this.drain();
      void this.end(reason);
    }
  }

  /** Lets nothing leave any more, or all that waits. */
  hold(held: boolean): void {
    this.held = held;
    void this.leave();
  }

  private async leave(): Promise<void> {
    await Promise.resolve();
    while (!this.held && this.queue.length > 0) {
      const message = this.queue.shift() ?? new Uint8Array(0);
      this.buffered -= message.length;
      this.drain();
      if (this.peer?.open === true) {
        this.peer.onMessage(message);
      }
    }
  }

  /** What was sent arrives before the end does. */
  private async end(reason: string): Promise<void> {
    await this.leave();
    this.onClose(reason);
    this.peer?.close(reason);
  }

  private drain(): void {
    for (const resolve of this.draining.splice(0)) {
      resolve();
    }
  }
}

/** Both ends. */
export function connectionPair(): readonly [PairedConnection, PairedConnection] {
  const ends = [new PairedConnection(), new PairedConnection()] as const;
  ends[0].connect(ends[1]);
  ends[1].connect(ends[0]);
  return ends;
}
