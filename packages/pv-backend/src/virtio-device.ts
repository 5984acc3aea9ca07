/**
 * What every virtio device has, whatever its kind: status, features, the registers of its queues,
 * and the state in which it needs a reset (VIRTIO 1.3 §2).
 */
import {
  deviceStatus,
  type FeatureSet,
  hasFeature,
  type QueueSetup,
  type QueueState,
  type Trace,
  type VirtioDevice,
  virtioFeatures,
  type VirtioHost,
} from '@doorbell/abi';
import { transition } from './device-status.ts';

const { FEATURES_OK, DRIVER_OK, DEVICE_NEEDS_RESET, FAILED } = deviceStatus;

const noSetup: QueueSetup = { size: 0, descriptors: 0, driver: 0, device: 0 };
const noQueue: QueueState = { maxSize: 0, setup: noSetup, enabled: false };

interface QueueRegister {
  readonly maxSize: number;
  setup: QueueSetup;
  enabled: boolean;
  /** The available index of the first chain. */
  first: number;
}

/** No queue in particular. */
const NO_QUEUE = -1;

export abstract class BaseDevice implements VirtioDevice {
  abstract readonly deviceId: number;
  abstract readonly features: FeatureSet;
  reason = '';
  configGeneration = 0;
  protected readonly host: VirtioHost;
  private readonly trace: Trace;
  private readonly registers: readonly QueueRegister[];
  private accepted: FeatureSet = 0n;
  private state = 0;

  /** @param queueSizes  the largest size of each queue. */
  constructor(host: VirtioHost, trace: Trace, queueSizes: readonly number[]) {
    this.host = host;
    this.trace = trace;
    this.registers = queueSizes.map((maxSize) => ({
      ...{ maxSize, setup: noSetup, enabled: false, first: 0 },
    }));
  }

  abstract readConfig(offset: number, into: Uint8Array): void;
  abstract writeConfig(offset: number, bytes: Uint8Array): void;
  abstract notify(index: number): void;

  /** Whether the device can work with what the driver chose of what is offered. */
  protected abstract accepts(features: FeatureSet): boolean;
  /** The device is live: it may use its queues. */
  protected abstract start(): void;
  /**
   * A queue of a live device was enabled, or is enabled when it goes live.
   * @param first  the available index of the first chain.
   */
  protected abstract openQueue(index: number, setup: QueueSetup, first: number): void;
  /** The device uses this queue no more. */
  protected abstract closeQueue(index: number): void;
  /** The device is not live any more: it touches none of the driver's memory from now on. */
  protected abstract end(): void;

  // ------------------------------------------------------------------------------ §2.1, §2.2

  get queues(): number {
    return this.registers.length;
  }

  get status(): number {
    return this.state;
  }

  get driverFeatures(): FeatureSet {
    return this.accepted;
  }

  /** §2.2.1: not once they are settled. */
  set driverFeatures(features: FeatureSet) {
    if ((this.state & FEATURES_OK) === 0) {
      this.accepted = features;
    }
  }

  /** Whether a feature was negotiated. */
  protected has(feature: number): boolean {
    return (this.state & FEATURES_OK) !== 0 && hasFeature(this.accepted, feature);
  }

  /** Whether the device serves its queues. */
  protected get isLive(): boolean {
    return (this.state & (DRIVER_OK | DEVICE_NEEDS_RESET | FAILED)) === DRIVER_OK;
  }

  writeStatus(requested: number): void {
    const next = transition(this.state, requested);
    if (next.kind === 'reset') {
      this.reset();
    } else if (next.kind === 'illegal') {
      this.needsReset(NO_QUEUE, next.why);
    } else if (next.kind === 'go') {
      this.go(next.status);
    }
  }

  private go(status: number): void {
    const added = status & ~this.state;
    // §2.2.2: what it cannot work with, it does not confirm.
    if ((added & FEATURES_OK) !== 0 && !this.acceptable()) {
      return;
    }
    const wasLive = this.isLive;
    this.state = status;
    if (this.isLive) {
      this.start();
      this.registers.forEach(({ enabled, setup, first }, index) => {
        if (enabled && this.isLive) {
          this.openQueue(index, setup, first);
        }
      });
    } else if (wasLive) {
      this.end();
    }
  }

  private acceptable(): boolean {
    const isSubset = (this.accepted & ~this.features) === 0n;
    return (
      isSubset && hasFeature(this.accepted, virtioFeatures.VERSION_1) && this.accepts(this.accepted)
    );
  }

  private reset(): void {
    const wasLive = this.isLive;
    this.state = 0;
    this.accepted = 0n;
    this.reason = '';
    for (const register of this.registers) {
      register.setup = noSetup;
      register.enabled = false;
    }
    if (wasLive) {
      this.end();
    }
  }

  /** §2.1.2: the device gives up; only a reset helps. The first reason counts. */
  protected needsReset(queue: number, reason: string): void {
    if ((this.state & DEVICE_NEEDS_RESET) !== 0) {
      return;
    }
    const wasLive = this.isLive;
    this.state |= DEVICE_NEEDS_RESET;
    this.reason = reason;
    this.trace.event('needsReset', queue, 0);
    if (wasLive) {
      this.end();
    }
    // §2.1.2: a driver that has not set DRIVER_OK is sent no notification.
    if ((this.state & DRIVER_OK) !== 0) {
      this.host.configChanged();
    }
  }

  /** §2.5.3: the driver is told once it drives the device. */
  protected configHasChanged(): void {
    this.configGeneration++;
    if ((this.state & DRIVER_OK) !== 0) {
      this.host.configChanged();
    }
  }

  // ------------------------------------------------------------------------------ §2.6

  queue(index: number): QueueState {
    return this.registers[index] ?? noQueue;
  }

  setQueue(index: number, setup: QueueSetup): void {
    const register = this.registers[index];
    if (register !== undefined && !register.enabled) {
      register.setup = setup;
    }
  }

  /** @param first  the available index of the first chain: where a device before this one stopped. */
  enableQueue(index: number, first = 0): void {
    const register = this.registers[index];
    if (register === undefined || register.enabled) {
      return;
    }
    register.enabled = true;
    register.first = first;
    if (this.isLive) {
      this.openQueue(index, register.setup, first);
    }
  }

  /** §2.6.1: afterwards the driver may set it up anew. Without the feature: nothing. */
  resetQueue(index: number): void {
    const register = this.registers[index];
    if (register === undefined || !this.has(virtioFeatures.RING_RESET)) {
      return;
    }
    this.disableQueue(index);
  }

  protected disableQueue(index: number): void {
    const register = this.registers[index];
    if (register !== undefined) {
      register.enabled = false;
      register.setup = noSetup;
      this.closeQueue(index);
    }
  }
}
