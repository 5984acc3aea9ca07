/**
 * The device's end of the message transport: turns a driver's messages into calls of a
 * `VirtioDevice`, and is the `VirtioHost` of that device. One per connection; a driver that breaks
 * the protocol loses its own device, and nobody else's.
 */
import { type Clock, type Display, type VirtioDevice, type VirtioHost } from '@doorbell/abi';
import {
  type Connection,
  errorCodes,
  type Handlers,
  HINT,
  Link,
  type LinkCounts,
  NotificationFilter,
  Publication,
  PublishedIndices,
  type Ranges,
  type RequestFields,
  WireError,
} from '@doorbell/wire';
import { checkFree, checkQueue, registerMessages } from './device-messages.ts';
import { Mappings } from './mappings.ts';
import { Mirror } from './mirror.ts';
import { Reach } from './reach.ts';
import { RemoteDma } from './remote-dma.ts';

export interface MessageServerParts {
  readonly connection: Connection;
  readonly clock: Clock;
  /** Makes the device. What it shows on `display` goes to the driver's side. */
  readonly create: (host: VirtioHost, display: Display) => VirtioDevice;
  /** The device's own counters, for STATS. */
  readonly counts?: () => Readonly<Record<string, number>>;
  /** Runs once, when the connection has ended and the device was reset. */
  readonly onClose?: (reason: string) => void;
  /** How long the driver may take to answer; 10 s if it is not said. */
  readonly timeoutNs?: number;
}

export class MessageServer {
  readonly device: VirtioDevice;
  /** Sends a scanout's pixels to the driver's monitor. */
  readonly display: Display;
  private readonly link: Link<'device'>;
  private readonly mirror: Mirror;
  private readonly mappings: Mappings;
  private readonly publication = new Publication();
  private readonly deviceCounts: () => Readonly<Record<string, number>>;
  /** Of the queues that are enabled. */
  private readonly filters = new Map<number, NotificationFilter>();
  private readonly indices = new PublishedIndices('device');

  constructor(parts: MessageServerParts) {
    const { connection, clock, timeoutNs } = parts;
    const onLost = (reason: string): void => {
      this.end();
      parts.onClose?.(reason);
    };
    this.link = new Link({ connection, clock, handlers: this.handlers(), onLost, timeoutNs });
    const reach = new Reach();
    this.mirror = new Mirror(new RemoteDma(this.link, reach), (iova) => {
      this.publish(iova);
    });
    this.mappings = new Mappings(this.mirror, reach);
    this.deviceCounts = parts.counts ?? (() => ({}));
    this.display = {
      flip: (pixels, width, height, stride) => {
        void this.sendFrame(pixels, width, height, stride);
      },
    };
    this.device = parts.create(this.host(), this.display);
  }

  /** Why the connection has ended; undefined while it has not. */
  get lost(): string | undefined {
    return this.link.lost;
  }

  /** This end's. */
  get counts(): Readonly<LinkCounts> {
    return this.link.counts;
  }

  /** What is held for the driver: all 0 after the connection has ended. */
  get held(): { readonly coherentBytes: number; readonly mappings: number } {
    return { coherentBytes: this.mirror.bytesHeld, mappings: this.mappings.size };
  }

  close(reason: string): void {
    this.link.close(reason);
  }

  /**
   * Sends a frame, in its place among the other messages; none is dropped. Resolves once little
   * waits to be sent: a device that waits for it does not run ahead of a slow driver.
   */
  sendFrame(pixels: Uint8Array, width: number, height: number, stride: number): Promise<void> {
    const data = tightRows(pixels, width, height, stride);
    try {
      this.link.send('FRAME', { width, height, stride: 4 * width, data });
      this.link.counts.frames++;
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.link.fail(errorCodes.LIMIT, `A frame of ${width} x ${height} does not fit.`);
    }
    return this.link.drained();
  }

  // ------------------------------------------------------------------------------ VirtioHost

  private host(): VirtioHost {
    return {
      memory: this.mirror,
      // The publication was the message: nothing more is sent.
      notifyDriver: () => {
        this.link.counts.notifications++;
      },
      configChanged: () => {
        const { status, configGeneration, reason } = this.device;
        const generation = configGeneration >>> 0;
        this.link.send('EVENT_CONFIG', { status, generation, reason: reason.slice(0, 1024) });
      },
    };
  }

  private publish(iova: number): void {
    const queue = this.indices.queueOf(iova);
    if (queue === HINT) {
      return;
    }
    const ranges = this.gather();
    this.link.counts.bytesMirroredOut += ranges.data.length;
    if (queue >= 0) {
      this.link.send('EVENT_USED', { queue, ranges });
    } else if (ranges.count > 0) {
      this.link.send('SYNC', { ranges });
    }
  }

  /** What the device changed. More than fits ends the connection: half of it may not travel. */
  private gather(): Ranges {
    try {
      this.mirror.gather(this.publication);
    } catch (error) {
      if (!(error instanceof WireError)) {
        throw error;
      }
      this.link.fail(errorCodes.LIMIT, error.message);
    }
    return this.publication.take();
  }

  private end(): void {
    this.disableQueues();
    this.mappings.clear();
    this.device.writeStatus(0);
  }

  // ------------------------------------------------------------------------ what is received

  private handlers(): Handlers<'device'> {
    return {
      ...registerMessages(() => this.device),
      SET_DEVICE_STATUS: ({ status }) => this.setStatus(status),
      SET_VQUEUE: (fields) => this.setQueue(fields),
      RESET_VQUEUE: ({ queue }) => {
        checkQueue(this.device, queue);
        this.device.resetQueue(queue);
        this.filters.delete(queue);
        this.indices.delete(queue);
        return {};
      },
      EVENT_AVAIL: ({ queue, ranges }) => {
        checkQueue(this.device, queue);
        this.apply(ranges);
        this.available(queue, ranges);
      },
      SYNC: ({ ranges }) => {
        this.apply(ranges);
      },
      MAP: (fields) => {
        this.mappings.map(fields);
      },
      UNMAP: (fields) => {
        this.mappings.unmap(fields);
        return {};
      },
      STATS: () => ({ counts: { ...this.link.counts, ...this.deviceCounts() } }),
    };
  }

  private setStatus(status: number): { readonly status: number } {
    this.device.writeStatus(status);
    if (status === 0) {
      this.disableQueues();
      this.mirror.forgetChanges();
    }
    return { status: this.device.status };
  }

  private setQueue({ queue, ...setup }: RequestFields<'SET_VQUEUE'>) {
    checkFree(this.device, queue);
    this.device.setQueue(queue, setup);
    this.device.enableQueue(queue);
    const { driverFeatures } = this.device;
    this.filters.set(queue, new NotificationFilter('device', setup, driverFeatures));
    this.indices.set(queue, setup, driverFeatures);
    return {};
  }

  private disableQueues(): void {
    this.filters.clear();
    this.indices.clear();
  }

  private apply(ranges: Ranges): void {
    this.mirror.apply(ranges);
    this.link.counts.bytesMirroredIn += ranges.data.length;
  }

  /** Suppressed or not, the device looks again: what it had asked may have been too late. */
  private available(queue: number, ranges: Ranges): void {
    const filter = this.filters.get(queue);
    if (filter?.wanted(ranges, (iova) => this.mirror.load16(iova)) === false) {
      this.link.counts.suppressed++;
    }
    this.device.notify(queue);
  }
}

/** The rows without what lies between them. */
function tightRows(pixels: Uint8Array, width: number, height: number, stride: number): Uint8Array {
  const row = 4 * width;
  if (stride === row) {
    return pixels.subarray(0, row * height);
  }
  const rows = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * stride, y * stride + row), y * row);
  }
  return rows;
}
