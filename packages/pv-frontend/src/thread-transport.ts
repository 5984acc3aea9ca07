/**
 * A virtio transport to a device in another thread, which shares the driver's memory: rings and
 * buffers stay where they are, doorbells are words in memory, and only what are registers
 * elsewhere are messages.
 */
import type { Display, QueueSetup, VirtioTransport } from '@doorbell/abi';
import {
  type Doorbells,
  errorCodes,
  type Handlers,
  Link,
  type LinkCounts,
  MAX_DOORBELLS,
  type ThreadConnection,
  Violation,
  type WallClock,
} from '@doorbell/wire';
import { RegisterRequests } from './register-requests.ts';

/** For any answer, the first one included: a thread that starts has code to load. */
const TIMEOUT_NS = 30e9;

export interface ThreadTransportParts {
  readonly connection: ThreadConnection;
  readonly doorbells: Doorbells;
  readonly display: Display;
  readonly clock: WallClock;
}

export class ThreadTransport extends RegisterRequests implements VirtioTransport {
  protected readonly link: Link<'driver'>;
  private readonly doorbells: Doorbells;
  private readonly display: Display;
  private onUsed: (() => void)[] = [];

  /** @throws TransportLost when the thread does not answer. */
  static async connect(parts: ThreadTransportParts): Promise<ThreadTransport> {
    const transport = new ThreadTransport(parts);
    void parts.connection.run(
      () => transport.onUsed.length,
      (queue) => {
        transport.used(queue);
      },
    );
    await transport.identify();
    return transport;
  }

  private constructor({ connection, doorbells, display, clock }: ThreadTransportParts) {
    super();
    this.doorbells = doorbells;
    this.display = display;
    this.link = new Link({
      connection,
      clock,
      handlers: this.handlers(),
      timeoutNs: TIMEOUT_NS,
      onLost: () => {
        this.configHandler();
      },
    });
  }

  override async writeStatus(status: number): Promise<void> {
    if (status === 0) {
      this.onUsed = [];
      this.reason = '';
    }
    await super.writeStatus(status);
  }

  override async maxQueueSize(queue: number): Promise<number> {
    const maxSize = await super.maxQueueSize(queue);
    return queue < MAX_DOORBELLS ? maxSize : 0;
  }

  async enableQueue(queue: number, setup: QueueSetup, onUsed: () => void): Promise<void> {
    this.onUsed[queue] = onUsed;
    await this.setQueue(queue, setup);
  }

  notify(queue: number): void {
    this.link.counts.notifications++;
    this.doorbells.ring(queue);
  }

  release(): void {
    this.configHandler = () => {};
    this.onUsed = [];
  }

  // --------------------------------------------------------------------------- for its owner

  /** This end's. */
  get counts(): Readonly<LinkCounts> {
    return this.link.counts;
  }

  close(reason: string): void {
    this.release();
    this.link.close(reason);
  }

  private used(queue: number): void {
    this.onUsed[queue]?.();
  }

  private handlers(): Handlers<'driver'> {
    return {
      EVENT_CONFIG: ({ reason }) => {
        this.reason = reason;
        this.configHandler();
      },
      FRAME: ({ width, height, stride, data }) => {
        this.link.counts.frames++;
        this.display.flip(data, width, height, stride);
      },
      EVENT_USED: notMirrored,
      SYNC: notMirrored,
      READ: notMirrored,
      WRITE: notMirrored,
    };
  }
}

function notMirrored(): never {
  throw new Violation(errorCodes.UNEXPECTED, 'Memory is shared: nothing of it is sent.');
}
