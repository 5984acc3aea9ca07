/**
 * The device's end of the transport between two threads that share memory: turns the driver's
 * messages and doorbells into calls of a `VirtioDevice`, and is the `VirtioHost` of that device.
 */
import type { Clock, DeviceMemory, Display, VirtioDevice, VirtioHost } from '@doorbell/abi';
import {
  type Doorbells,
  errorCodes,
  type Handlers,
  Link,
  MAX_DOORBELLS,
  type RequestFields,
  type ThreadConnection,
  Violation,
} from '@doorbell/wire';
import { checkFree, checkQueue, registerMessages } from './device-messages.ts';

/** A device and what it counts. */
export interface ThreadDevice {
  readonly device: VirtioDevice;
  readonly counts?: () => Readonly<Record<string, number>>;
}

/** What a device needs besides its `VirtioHost`. */
export interface ThreadSurroundings {
  /** Goes to the driver's thread. */
  readonly display: Display;
  readonly clock: Clock;
  /** As they were given to `startWorkerBackend`. */
  readonly options: unknown;
}

/** What the module exports that `startWorkerBackend` is given the URL of. */
export interface DeviceModule {
  readonly createDevice: (
    host: VirtioHost,
    surroundings: ThreadSurroundings,
  ) => ThreadDevice | Promise<ThreadDevice>;
}

export interface ThreadServerParts {
  readonly connection: ThreadConnection;
  readonly doorbells: Doorbells;
  readonly clock: Clock;
  readonly memory: DeviceMemory;
}

export class ThreadServer {
  /** For the device, which is made before it is served. */
  readonly host: VirtioHost;
  readonly display: Display;
  private readonly parts: ThreadServerParts;
  private readonly link: Link<'device'>;
  private device!: VirtioDevice;
  private deviceCounts: () => Readonly<Record<string, number>> = () => ({});

  constructor(parts: ThreadServerParts) {
    const { connection, clock } = parts;
    this.parts = parts;
    this.link = new Link({ connection, clock, handlers: this.handlers(), onLost: () => {} });
    this.host = this.makeHost();
    this.display = this.makeDisplay();
  }

  /** Resolves when the driver has gone. What it sent before has waited. */
  serve({ device, counts }: ThreadDevice): Promise<void> {
    this.device = device;
    this.deviceCounts = counts ?? this.deviceCounts;
    const queues = Math.min(device.queues, MAX_DOORBELLS);
    return this.parts.connection.run(
      () => queues,
      (queue) => {
        device.notify(queue);
      },
    );
  }

  private makeHost(): VirtioHost {
    return {
      memory: this.parts.memory,
      notifyDriver: (queue) => {
        this.link.counts.notifications++;
        this.parts.doorbells.ring(queue);
      },
      configChanged: () => {
        const { status, configGeneration, reason } = this.device;
        const generation = configGeneration >>> 0;
        this.link.send('EVENT_CONFIG', { status, generation, reason: reason.slice(0, 1024) });
      },
    };
  }

  private makeDisplay(): Display {
    return {
      flip: (pixels, width, height, stride) => {
        const data = pixels.subarray(0, stride * height);
        this.link.send('FRAME', { width, height, stride, data });
        this.link.counts.frames++;
      },
    };
  }

  private handlers(): Handlers<'device'> {
    return {
      ...registerMessages(() => this.device),
      SET_DEVICE_STATUS: ({ status }) => {
        this.device.writeStatus(status);
        return { status: this.device.status };
      },
      SET_VQUEUE: (fields) => {
        this.setQueue(fields);
        return {};
      },
      RESET_VQUEUE: ({ queue }) => {
        checkQueue(this.device, queue);
        this.device.resetQueue(queue);
        return {};
      },
      STATS: () => ({ counts: { ...this.link.counts, ...this.deviceCounts() } }),
      EVENT_AVAIL: notMirrored,
      SYNC: notMirrored,
      MAP: notMirrored,
      UNMAP: notMirrored,
    };
  }

  private setQueue({ queue, ...setup }: RequestFields<'SET_VQUEUE'>): void {
    checkFree(this.device, queue);
    this.device.setQueue(queue, setup);
    this.device.enableQueue(queue);
  }
}

function notMirrored(): never {
  throw new Violation(errorCodes.UNEXPECTED, 'Memory is shared: nothing of it is sent.');
}
