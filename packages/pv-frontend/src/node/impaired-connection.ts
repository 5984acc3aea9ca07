/** A connection made worse on purpose: slow, uneven, or cut. For lessons and tests. */
import type { Connection } from '@doorbell/wire';
import { DelayLine } from './delay-line.ts';

export interface Impairment {
  /** One way. */
  readonly latencyMs: number;
  /** On top of the latency: up to so much, different for each message. Their order stays. */
  readonly jitterMs: number;
  /** Closes after so many messages, both ways counted; absent: never. */
  readonly dropConnectionAt: number;
  /** Of the jitter. */
  readonly seed: number;
}

/** The connection itself when there is nothing to impair. */
export function impair(
  connection: Connection,
  { latencyMs = 0, jitterMs = 0, dropConnectionAt = Infinity, seed = 1 }: Partial<Impairment>,
): Connection {
  return latencyMs === 0 && jitterMs === 0 && dropConnectionAt === Infinity
    ? connection
    : new ImpairedConnection(connection, { latencyMs, jitterMs, dropConnectionAt, seed });
}

class ImpairedConnection implements Connection {
  private readonly connection: Connection;
  private readonly dropAt: number;
  private readonly out: DelayLine;
  private readonly back: DelayLine;
  private messages = 0;
  private delayed = 0;
  private ended = false;
  private onClose: (reason: string) => void = () => {};

  constructor(connection: Connection, impairment: Impairment) {
    const { latencyMs, jitterMs, dropConnectionAt, seed } = impairment;
    this.connection = connection;
    this.dropAt = dropConnectionAt;
    this.out = new DelayLine(latencyMs, jitterMs, seed);
    this.back = new DelayLine(latencyMs, jitterMs, ~seed);
  }

  send(message: Uint8Array): void {
    if (this.ended) {
      return;
    }
    this.delayed += message.length;
    this.out.after(() => {
      this.delayed -= message.length;
      this.connection.send(message);
      this.count();
    });
  }

  allocate(bytes: number): Uint8Array {
    return this.connection.allocate?.(bytes) ?? new Uint8Array(bytes);
  }

  get buffered(): number {
    return this.ended ? 0 : this.delayed + this.connection.buffered;
  }

  async drained(): Promise<void> {
    if (this.delayed > 0 && !this.ended) {
      await this.out.moved();
    } else {
      await this.connection.drained();
    }
  }

  receive(onMessage: (message: Uint8Array) => void, onClose: (reason: string) => void): void {
    this.onClose = onClose;
    this.connection.receive(
      (message) => {
        if (!this.ended) {
          this.back.after(() => {
            onMessage(message);
            this.count();
          });
        }
      },
      (reason) => {
        this.back.after(() => {
          this.end(reason);
        });
      },
    );
  }

  /** What was sent before still goes out. */
  close(reason: string): void {
    this.out.after(() => {
      this.connection.close(reason);
    });
    this.end(reason);
  }

  private count(): void {
    if (++this.messages === this.dropAt) {
      this.end(`the connection was dropped after ${this.messages} messages, as asked`);
      this.connection.close('dropped on purpose');
    }
  }

  private end(reason: string): void {
    if (!this.ended) {
      this.ended = true;
      this.back.clear();
      this.onClose(reason);
    }
  }
}
