/**
 * Stands between a virtio function and the backend that is its device half. What the function asks
 * of the backend, and what that does, is recorded; in replay the backend is not there, and its
 * registers hold what they held.
 */
import type {
  FeatureSet,
  QueueSetup,
  QueueState,
  Stateful,
  VirtioDevice,
  VirtioHost,
} from '@doorbell/abi';
import type { Machine } from './machine.ts';
import { Service } from './service.ts';

/** What the backend tells the driver. */
type Upcalls = Pick<VirtioHost, 'notifyDriver' | 'configChanged'> & {
  readonly signalVector: (vector: number) => void;
};

/** What a function shows of its device half. Feature sets are hexadecimal. */
export interface DeviceHalfState {
  readonly features: string;
  readonly driverFeatures: string;
  readonly status: number;
  readonly reason: string;
  readonly configGeneration: number;
  readonly config: readonly number[];
  readonly queues: readonly QueueState[];
}

export interface DeviceHalfParts {
  readonly machine: Machine;
  readonly upcalls: Upcalls;
  /** Bytes of the device's configuration. */
  readonly configBytes: number;
  readonly make: (upcalls: Upcalls) => VirtioDevice;
}

export class DeviceHalf implements VirtioDevice, Stateful<DeviceHalfState | undefined> {
  readonly deviceId: number;
  readonly queues: number;
  private readonly machine: Machine;
  private readonly configBytes: number;
  private readonly backend: VirtioDevice;
  private readonly service: Service<keyof Upcalls | 'show'>;
  private isReady = false;
  /** In replay: what the backend's registers held. */
  private shown: DeviceHalfState | undefined;
  /** What was recorded of them last. */
  private recorded = '';

  constructor({ machine, upcalls, configBytes, make }: DeviceHalfParts) {
    this.machine = machine;
    this.configBytes = configBytes;
    this.service = new Service(machine, {
      notifyDriver: (queue) => {
        upcalls.notifyDriver(queue);
      },
      configChanged: () => {
        upcalls.configChanged();
      },
      signalVector: (vector) => {
        upcalls.signalVector(vector);
      },
      show: (_a, _b, _c, _d, bytes) => {
        this.shown = machine.replay === undefined ? undefined : decoded(bytes);
      },
    });
    this.backend = make({
      notifyDriver: (queue) => {
        this.service.call('notifyDriver', queue);
      },
      configChanged: () => {
        this.look();
        this.service.call('configChanged');
      },
      signalVector: (vector) => {
        this.service.call('signalVector', vector);
      },
    });
    this.deviceId = this.backend.deviceId;
    this.queues = this.backend.queues;
  }

  /** What the backend needs is there: from here on its registers can be read. */
  ready(): void {
    this.isReady = true;
    this.look();
  }

  /** The backend's registers may have changed. */
  look(): void {
    if (this.machine.recorder === undefined || !this.isReady) {
      return;
    }
    const now = JSON.stringify(this.snapshot());
    if (now !== this.recorded) {
      this.recorded = now;
      this.service.call('show', 0, 0, 0, 0, new TextEncoder().encode(now));
    }
  }

  private ask(call: (backend: VirtioDevice) => void): void {
    this.machine.upcall(() => {
      call(this.backend);
      this.look();
    });
  }

  // ------------------------------------------------------------------------------ registers

  get features(): FeatureSet {
    return this.shown === undefined ? this.backend.features : BigInt(this.shown.features);
  }

  get driverFeatures(): FeatureSet {
    const { shown, backend } = this;
    return shown === undefined ? backend.driverFeatures : BigInt(shown.driverFeatures);
  }

  set driverFeatures(features: FeatureSet) {
    this.ask((backend) => {
      backend.driverFeatures = features;
    });
  }

  get status(): number {
    return (this.shown ?? this.backend).status;
  }

  get reason(): string {
    return (this.shown ?? this.backend).reason;
  }

  get configGeneration(): number {
    return (this.shown ?? this.backend).configGeneration;
  }

  queue(index: number): QueueState {
    return this.shown?.queues[index] ?? this.backend.queue(index);
  }

  readConfig(offset: number, into: Uint8Array): void {
    if (this.shown === undefined) {
      this.backend.readConfig(offset, into);
    } else {
      into.fill(0);
      into.set(this.shown.config.slice(offset, offset + into.length));
    }
  }

  writeConfig(offset: number, bytes: Uint8Array): void {
    this.ask((backend) => {
      backend.writeConfig(offset, bytes);
    });
  }

  writeStatus(status: number): void {
    this.ask((backend) => {
      backend.writeStatus(status);
    });
  }

  setQueue(index: number, setup: QueueSetup): void {
    this.ask((backend) => {
      backend.setQueue(index, setup);
    });
  }

  enableQueue(index: number): void {
    this.ask((backend) => {
      backend.enableQueue(index);
    });
  }

  resetQueue(index: number): void {
    this.ask((backend) => {
      backend.resetQueue(index);
    });
  }

  notify(index: number): void {
    this.machine.upcall(() => {
      this.backend.notify(index);
    });
  }

  // ------------------------------------------------------------------------------ state

  private snapshot(): DeviceHalfState {
    const { backend, configBytes } = this;
    const config = new Uint8Array(configBytes);
    backend.readConfig(0, config);
    return {
      features: hexadecimal(backend.features),
      driverFeatures: hexadecimal(backend.driverFeatures),
      status: backend.status,
      reason: backend.reason,
      configGeneration: backend.configGeneration,
      config: [...config],
      queues: Array.from({ length: backend.queues }, (_, index) => {
        const { maxSize, setup, enabled } = backend.queue(index);
        return { maxSize, setup, enabled };
      }),
    };
  }

  save(): DeviceHalfState | undefined {
    return this.shown ?? (this.isReady ? this.snapshot() : undefined);
  }

  /** Undefined: the backend was not ready. */
  load(state: DeviceHalfState | undefined): void {
    this.shown = state;
  }
}

function hexadecimal(set: FeatureSet): string {
  return `0x${set.toString(16)}`;
}

/** What `look` has recorded. */
function decoded(bytes: Uint8Array): DeviceHalfState {
  return JSON.parse(new TextDecoder().decode(bytes)) as DeviceHalfState;
}
