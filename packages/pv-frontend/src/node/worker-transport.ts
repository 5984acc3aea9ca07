/**
 * A virtio transport to a device in another thread, which shares the driver's memory: rings and
 * buffers stay where they are, doorbells are words in memory, and only what are registers
 * elsewhere are messages.
 */
import {
  deviceStatus,
  type Display,
  type FeatureSet,
  type QueueSetup,
  type VirtioTransport,
} from '@doorbell/abi';
import {
  type AnsweredName,
  type Doorbells,
  errorCodes,
  type Handlers,
  Link,
  type LinkCounts,
  MAX_DOORBELLS,
  type RequestFields,
  type ResponseFields,
  type ThreadConnection,
  Violation,
} from '@doorbell/wire';
import { TransportLost } from '../message-transport.ts';
import { hostClock } from './host-clock.ts';

/** For any answer, the first one included: a thread that starts has code to load. */
const TIMEOUT_NS = 30e9;

export interface WorkerTransportParts {
  readonly connection: ThreadConnection;
  readonly doorbells: Doorbells;
  readonly display: Display;
}

export class WorkerTransport implements VirtioTransport {
  deviceId = 0;
  /** Why the device said that it needs a reset; '' when it has not. */
  reason = '';
  private readonly link: Link<'driver'>;
  private readonly doorbells: Doorbells;
  private readonly display: Display;
  private onUsed: (() => void)[] = [];
  private configHandler: () => void = () => {};

  /** @throws TransportLost when the thread does not answer. */
  static async connect(parts: WorkerTransportParts): Promise<WorkerTransport> {
    const transport = new WorkerTransport(parts);
    void parts.connection.run(
      () => transport.onUsed.length,
      (queue) => {
        transport.used(queue);
      },
    );
    const { deviceId } = await transport.ask('DEVICE_INFO', {});
    transport.deviceId = deviceId;
    return transport;
  }

  private constructor({ connection, doorbells, display }: WorkerTransportParts) {
    this.doorbells = doorbells;
    this.display = display;
    this.link = new Link({
      connection,
      clock: hostClock(),
      handlers: this.handlers(),
      timeoutNs: TIMEOUT_NS,
      onLost: () => {
        this.configHandler();
      },
    });
  }

  async readStatus(): Promise<number> {
    const answer = await this.link.ask('GET_DEVICE_STATUS', {});
    return answer?.status ?? deviceStatus.DEVICE_NEEDS_RESET;
  }

  /** A reset of a device that is lost is done: it has nothing of ours any more. */
  async writeStatus(status: number): Promise<void> {
    if (status === 0) {
      this.onUsed = [];
      this.reason = '';
    }
    await this.link.ask('SET_DEVICE_STATUS', { status });
  }

  async deviceFeatures(): Promise<FeatureSet> {
    return (await this.ask('GET_DEVICE_FEATURES', {})).features;
  }

  async setDriverFeatures(features: FeatureSet): Promise<void> {
    await this.ask('SET_DRIVER_FEATURES', { features });
  }

  async readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    return (await this.ask('GET_CONFIG', { offset, bytes })).config;
  }

  async writeConfig(offset: number, bytes: Uint8Array): Promise<void> {
    await this.ask('SET_CONFIG', { offset, config: bytes });
  }

  async maxQueueSize(queue: number): Promise<number> {
    const { maxSize } = await this.ask('GET_VQUEUE', { queue });
    return queue < MAX_DOORBELLS ? maxSize : 0;
  }

  async enableQueue(queue: number, setup: QueueSetup, onUsed: () => void): Promise<void> {
    this.onUsed[queue] = onUsed;
    await this.ask('SET_VQUEUE', { queue, ...setup });
  }

  notify(queue: number): void {
    this.link.counts.notifications++;
    this.doorbells.ring(queue);
  }

  onConfigChange(handler: () => void): void {
    this.configHandler = handler;
  }

  release(): void {
    this.configHandler = () => {};
    this.onUsed = [];
  }

  // --------------------------------------------------------------------------- for its owner

  /** Why the thread is gone; undefined while it is not. */
  get lost(): string | undefined {
    return this.link.lost;
  }

  /** This end's. */
  get counts(): Readonly<LinkCounts> {
    return this.link.counts;
  }

  /** The device's own counters, and its end's. @throws TransportLost */
  async deviceCounts(): Promise<Readonly<Record<string, number>>> {
    return (await this.ask('STATS', {})).counts;
  }

  close(reason: string): void {
    this.release();
    this.link.close(reason);
  }

  /** @throws TransportLost */
  private async ask<N extends AnsweredName>(
    name: N,
    fields: RequestFields<N>,
  ): Promise<ResponseFields<N>> {
    const answer = await this.link.ask(name, fields);
    if (answer === undefined) {
      throw new TransportLost(`The device is lost: ${this.link.lost ?? 'it did not answer.'}`);
    }
    return answer;
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
