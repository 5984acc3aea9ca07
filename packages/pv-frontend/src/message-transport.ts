/**
 * A virtio transport over messages: what registers are elsewhere are requests here, queues stay
 * queues. The device's memory is mirrored: each publication of an index carries what was changed.
 */
import {
  type BusMaster,
  type Clock,
  deviceStatus,
  type Display,
  type Dma,
  type FeatureSet,
  type Memory,
  type QueueSetup,
  type VirtioTransport,
} from '@doorbell/abi';
import {
  type Connection,
  eachRange,
  errorCodes,
  type Handlers,
  HINT,
  Link,
  type LinkCounts,
  noCounts,
  NO_QUEUE,
  NotificationFilter,
  Publication,
  PublishedIndices,
  type Ranges,
  type RequestFields,
  sumCounts,
  Violation,
} from '@doorbell/wire';
import { DmaService } from './dma-service.ts';
import { MirroredDma } from './mirrored-dma.ts';
import { MirroredMemory } from './mirrored-memory.ts';
import { RegisterRequests, TransportLost } from './register-requests.ts';

/** Frames that may wait for the end of their command, and their bytes together. */
const MOST_FRAMES = 64;
const MOST_FRAME_BYTES = 256 << 20;

export interface MessageTransportParts {
  readonly connection: Connection;
  readonly clock: Clock;
  /** The machine's. */
  readonly memory: Memory;
  readonly dma: Dma;
  /** How the device, were it here, would reach memory: through the IOMMU. */
  readonly bus: BusMaster;
  /** Where the device's frames go. */
  readonly display: Display;
  /** How long the device may take to answer; 10 s if it is not said. */
  readonly timeoutNs?: number;
  /**
   * Gives another connection once this one is lost: a driver that resets the device and takes it
   * in hand anew then finds one. Absent: lost is lost.
   */
  readonly reconnect?: () => Promise<Connection>;
}

interface EnabledQueue {
  readonly filter: NotificationFilter;
  readonly onUsed: () => void;
}

export class MessageTransport extends RegisterRequests implements VirtioTransport {
  /** What the driver must use in place of the machine's. */
  readonly memory: MirroredMemory;
  readonly dma: MirroredDma;
  private readonly parts: MessageTransportParts;
  protected link: Link<'driver'>;
  private service: DmaService;
  /**
   * Frames whose command the device has not returned yet. Were the connection lost before, the
   * driver would ask again: a frame that is shown now would be shown twice.
   */
  private readonly frames: RequestFields<'FRAME'>[] = [];
  private frameBytes = 0;
  /** Counts of connections that are over. */
  private past = noCounts();
  /** How often the driver has let go. */
  private releases = 0;
  /** Nothing happened since the driver reset the device. */
  private wasReset = false;
  private readonly publication = new Publication();
  private readonly queues = new Map<number, EnabledQueue>();
  private readonly indices = new PublishedIndices('driver');
  private features: FeatureSet = 0n;

  /** @throws TransportLost when nothing answers. */
  static async connect(parts: MessageTransportParts): Promise<MessageTransport> {
    const transport = new MessageTransport(parts);
    const { reconnect } = parts;
    try {
      await transport.identify();
    } catch (error) {
      if (reconnect === undefined) {
        throw error;
      }
      await transport.reconnect(reconnect);
    }
    return transport;
  }

  private constructor(parts: MessageTransportParts) {
    super();
    this.parts = parts;
    this.link = this.newLink(parts.connection);
    this.service = new DmaService(this.link, parts.bus);
    this.memory = new MirroredMemory(parts.memory, (iova) => {
      this.publish(iova);
    });
    this.dma = new MirroredDma(parts.dma, this.memory, {
      map: (fields) => {
        this.link.send('MAP', fields);
      },
      unmap: async (fields) => {
        await this.link.ask('UNMAP', fields);
      },
    });
  }

  private newLink(connection: Connection): Link<'driver'> {
    const { clock, timeoutNs } = this.parts;
    const handlers = this.handlers();
    const onLost = (): void => {
      this.takeFrames();
      this.configHandler();
    };
    return new Link({ connection, clock, handlers, onLost, timeoutNs });
  }

  /** The device behind a new connection knows nothing of us. @throws TransportLost */
  private async reconnect(connect: () => Promise<Connection>): Promise<void> {
    const { releases } = this;
    const connection = await connect();
    if (this.releases !== releases) {
      const reason = 'The driver has let go of the device meanwhile.';
      connection.close(reason);
      throw new TransportLost(reason);
    }
    this.past = sumCounts(this.past, this.link.counts);
    this.link = this.newLink(connection);
    this.service = new DmaService(this.link, this.parts.bus);
    await this.identify();
    this.dma.announceAll();
  }

  // -------------------------------------------------------------------------- VirtioTransport

  /**
   * The device answers once it is reset. A reset of a device that is lost is done: it has nothing
   * of ours any more. What is written after that needs a device: one is connected again.
   */
  override async writeStatus(status: number): Promise<void> {
    const { reconnect } = this.parts;
    const begins = this.wasReset && status !== 0 && (status & deviceStatus.FAILED) === 0;
    if (begins && this.lost !== undefined && reconnect !== undefined) {
      await this.reconnect(reconnect);
    }
    this.wasReset = status === 0;
    await super.writeStatus(status);
    if (status === 0) {
      this.queues.clear();
      this.indices.clear();
      this.reason = '';
    }
  }

  override async setDriverFeatures(features: FeatureSet): Promise<void> {
    this.features = features;
    await super.setDriverFeatures(features);
  }

  async enableQueue(queue: number, setup: QueueSetup, onUsed: () => void): Promise<void> {
    const filter = new NotificationFilter('driver', setup, this.features);
    this.queues.set(queue, { filter, onUsed });
    this.indices.set(queue, setup, this.features);
    this.sendChanges(NO_QUEUE);
    await this.setQueue(queue, setup);
  }

  /** The publication was the message, whatever the ring suppresses: nothing more is sent. */
  notify(_queue: number): void {
    this.link.counts.notifications++;
  }

  release(): void {
    this.releases++;
    this.configHandler = () => {};
    this.link.close('The driver has let go of the device.');
  }

  // --------------------------------------------------------------------------- for its owner

  /** This end's. */
  get counts(): Readonly<LinkCounts> {
    return sumCounts(this.past, this.link.counts);
  }

  // ----------------------------------------------------------------------------- what is sent

  private publish(iova: number): void {
    const queue = this.indices.queueOf(iova);
    if (queue !== HINT) {
      this.sendChanges(queue);
    }
  }

  /** Sends all that was changed; `queue` is the one whose index was published, if there is one. */
  private sendChanges(queue: number): void {
    this.memory.gather(this.publication, (iova, bytes) => {
      if (!this.parts.bus.read(iova, bytes)) {
        this.link.fail(errorCodes.UNEXPECTED, 'The IOMMU refuses memory that is mapped.');
      }
    });
    const ranges = this.publication.take();
    this.link.counts.bytesMirroredOut += ranges.data.length;
    if (queue >= 0) {
      this.link.send('EVENT_AVAIL', { queue, ranges });
    } else if (ranges.count > 0) {
      this.link.send('SYNC', { ranges });
    }
  }

  // ------------------------------------------------------------------------- what is received

  private handlers(): Handlers<'driver'> {
    return {
      EVENT_CONFIG: ({ reason }) => {
        this.reason = reason;
        this.configHandler();
      },
      EVENT_USED: ({ queue, ranges }) => {
        this.apply(ranges);
        this.showFrames();
        this.used(queue, ranges);
      },
      SYNC: ({ ranges }) => {
        this.apply(ranges);
      },
      READ: (fields, token) => this.service.read(fields, token),
      WRITE: (fields, token) => this.service.write(fields, token),
      FRAME: (frame) => {
        this.hold(frame);
      },
    };
  }

  private hold(frame: RequestFields<'FRAME'>): void {
    this.frames.push(frame);
    this.frameBytes += frame.data.length;
    if (this.frames.length > MOST_FRAMES || this.frameBytes > MOST_FRAME_BYTES) {
      throw new Violation(errorCodes.LIMIT, 'There are too many frames whose command is not over.');
    }
  }

  private takeFrames(): RequestFields<'FRAME'>[] {
    this.frameBytes = 0;
    return this.frames.splice(0);
  }

  private showFrames(): void {
    for (const { width, height, stride, data } of this.takeFrames()) {
      this.link.counts.frames++;
      this.parts.display.flip(data, width, height, stride);
    }
  }

  private apply(ranges: Ranges): void {
    eachRange(ranges, (iova, bytes) => {
      if (!this.dma.isLeaving(iova, bytes.length)) {
        this.applyRange(iova, bytes);
      }
    });
    this.link.counts.bytesMirroredIn += ranges.data.length;
  }

  private applyRange(iova: number, bytes: Uint8Array): void {
    if (!this.memory.reaches(iova, bytes.length) || !this.parts.bus.write(iova, bytes)) {
      throw new Violation(
        errorCodes.UNEXPECTED,
        `${bytes.length} bytes at IOVA 0x${iova.toString(16)} are not the device's to change.`,
      );
    }
  }

  /** Suppressed or not, whoever waits looks again: what it had asked may have been too late. */
  private used(queue: number, ranges: Ranges): void {
    const enabled = this.queues.get(queue);
    if (enabled === undefined) {
      throw new Violation(errorCodes.UNEXPECTED, `Queue ${queue} is not enabled.`);
    }
    if (!enabled.filter.wanted(ranges, (iova) => this.memory.load16At(iova))) {
      this.link.counts.suppressed++;
    }
    enabled.onUsed();
  }
}
