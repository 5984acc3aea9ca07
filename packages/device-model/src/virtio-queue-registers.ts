/** The registers of each virtqueue of a virtio-pci function (VIRTIO 1.3 §4.1.4.3). */
import {
  deviceStatus,
  hasFeature,
  NO_VECTOR,
  type Stateful,
  type VirtioDevice,
  virtioFeatures,
} from '@doorbell/abi';

/** The halves of a queue's three addresses, in the order of their registers. */
const HALVES = 6;

export interface QueueRegistersState {
  readonly halves: Uint32Array;
  readonly sizes: Uint16Array;
  readonly vectors: Uint16Array;
  readonly resetting: Uint8Array;
}

/**
 * What the driver has written of each queue. The device is told of it when the queue is enabled.
 * Of a queue that is not there all registers read 0, its vector NO_VECTOR, and writes do nothing.
 */
export class QueueRegisters implements Stateful<QueueRegistersState> {
  private readonly device: VirtioDevice;
  /** MSI-X vectors that there are. */
  private readonly messages: number;
  private readonly halves: Uint32Array;
  private readonly sizes: Uint16Array;
  private readonly vectors: Uint16Array;
  /** 1: the driver has asked for a reset since the queue was enabled. */
  private readonly resetting: Uint8Array;

  constructor(device: VirtioDevice, messages: number) {
    this.device = device;
    this.messages = messages;
    this.halves = new Uint32Array(device.queues * HALVES);
    this.sizes = new Uint16Array(device.queues);
    this.vectors = new Uint16Array(device.queues);
    this.resetting = new Uint8Array(device.queues);
    this.reset();
  }

  reset(): void {
    for (let queue = 0; queue < this.device.queues; queue++) {
      this.resetRegisters(queue);
      this.resetting[queue] = 0;
    }
  }

  private resetRegisters(queue: number): void {
    this.halves.fill(0, queue * HALVES, (queue + 1) * HALVES);
    this.sizes[queue] = this.device.queue(queue).maxSize;
    this.vectors[queue] = NO_VECTOR;
  }

  private exists(queue: number): boolean {
    return queue < this.device.queues && this.device.queue(queue).maxSize > 0;
  }

  /** An enabled queue keeps what it was enabled with (§4.1.4.3.2). */
  private configurable(queue: number): boolean {
    return this.exists(queue) && !this.device.queue(queue).enabled;
  }

  private negotiated(feature: number): boolean {
    const { status, features, driverFeatures } = this.device;
    return (
      (status & deviceStatus.FEATURES_OK) !== 0 && hasFeature(features & driverFeatures, feature)
    );
  }

  size(queue: number): number {
    return this.exists(queue) ? this.sizes[queue] : 0;
  }

  /** §4.1.4.3.1: what a split queue shows is a power of two; another size is not taken. */
  setSize(queue: number, size: number): void {
    const isPower = (size & (size - 1)) === 0;
    const fits = size > 0 && this.configurable(queue) && size <= this.device.queue(queue).maxSize;
    if (fits && (isPower || this.negotiated(virtioFeatures.RING_PACKED))) {
      this.sizes[queue] = size;
    }
  }

  vector(queue: number): number {
    return this.exists(queue) ? this.vectors[queue] : NO_VECTOR;
  }

  setVector(queue: number, vector: number): void {
    if (this.exists(queue)) {
      this.vectors[queue] = vector < this.messages ? vector : NO_VECTOR;
    }
  }

  notifyOffset(queue: number): number {
    return this.exists(queue) ? queue : 0;
  }

  half(queue: number, index: number): number {
    return this.exists(queue) ? this.halves[queue * HALVES + index] : 0;
  }

  setHalf(queue: number, index: number, value: number): void {
    if (this.configurable(queue)) {
      this.halves[queue * HALVES + index] = value;
    }
  }

  private address(queue: number, index: number): number {
    const at = queue * HALVES + 2 * index;
    return this.halves[at + 1] * 2 ** 32 + this.halves[at];
  }

  enabled(queue: number): number {
    return this.exists(queue) && this.device.queue(queue).enabled ? 1 : 0;
  }

  /** §4.1.4.3.2: the driver never writes 0. */
  enable(queue: number, written: number): void {
    if (written !== 1 || !this.configurable(queue)) {
      return;
    }
    this.resetting[queue] = 0;
    this.device.setQueue(queue, {
      size: this.sizes[queue],
      descriptors: this.address(queue, 0),
      driver: this.address(queue, 1),
      device: this.address(queue, 2),
    });
    this.device.enableQueue(queue);
  }

  /** 1 while a reset that was asked for goes on, which is while the queue is enabled. */
  resets(queue: number): number {
    return this.exists(queue) && this.resetting[queue] === 1 ? this.enabled(queue) : 0;
  }

  /** §2.6.1.1: its registers have their reset values afterwards. Without the feature: nothing. */
  resetQueue(queue: number, written: number): void {
    if (written === 1 && this.exists(queue) && this.negotiated(virtioFeatures.RING_RESET)) {
      this.resetting[queue] = 1;
      this.resetRegisters(queue);
      this.device.resetQueue(queue);
    }
  }

  save(): QueueRegistersState {
    return {
      halves: this.halves.slice(),
      sizes: this.sizes.slice(),
      vectors: this.vectors.slice(),
      resetting: this.resetting.slice(),
    };
  }

  load(state: QueueRegistersState): void {
    this.halves.set(state.halves);
    this.sizes.set(state.sizes);
    this.vectors.set(state.vectors);
    this.resetting.set(state.resetting);
  }
}
