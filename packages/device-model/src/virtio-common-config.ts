/** Common configuration of a virtio-pci function (VIRTIO 1.3 §4.1.4.3), in front of its device. */
import {
  type AccessWidth,
  type FeatureSet,
  NO_VECTOR,
  RegisterFile,
  type Stateful,
  type VirtioDevice,
  virtioCommonConfig,
} from '@doorbell/abi';
import { QueueRegisters, type QueueRegistersState } from './virtio-queue-registers.ts';

/** Feature bits come in two windows of 32: none that is defined exceeds 63 (§4.1.4.3.1). */
const WINDOWS = 2;
const WINDOW_MASK = 0xffffffffn;

function featureWindow(set: FeatureSet, select: number): number {
  return select < WINDOWS ? Number((set >> BigInt(32 * select)) & WINDOW_MASK) : 0;
}

function withWindow(set: FeatureSet, select: number, bits: number): FeatureSet {
  if (select >= WINDOWS) {
    return set;
  }
  const shift = BigInt(32 * select);
  return (set & ~(WINDOW_MASK << shift)) | (BigInt(bits) << shift);
}

export interface CommonConfigState {
  readonly registers: Uint32Array;
  readonly queues: QueueRegistersState;
  readonly generation: number;
  readonly seenGeneration: number;
}

export interface CommonConfigParts {
  readonly device: VirtioDevice;
  /** MSI-X vectors that there are. */
  readonly messages: number;
  /** The driver has reset the device; its status is 0, or will be. */
  readonly onReset: () => void;
}

export class CommonConfig implements Stateful<CommonConfigState> {
  private readonly device: VirtioDevice;
  private readonly queues: QueueRegisters;
  private readonly messages: number;
  private readonly onReset: () => void;
  /** What CONFIG_GENERATION shows, and the device's at the driver's last look at the configuration. */
  private generation = 0;
  private seenGeneration: number;

  private readonly registers = new RegisterFile(virtioCommonConfig, {
    DEVICE_FEATURE: {
      read: (): number =>
        featureWindow(this.device.features, this.registers.get('DEVICE_FEATURE_SELECT')),
    },
    DRIVER_FEATURE: {
      read: (): number =>
        featureWindow(this.device.driverFeatures, this.registers.get('DRIVER_FEATURE_SELECT')),
      write: (bits) => this.acceptFeatures(bits),
    },
    CONFIG_MSIX_VECTOR: { write: (vector) => this.setVector(vector) },
    NUM_QUEUES: { read: (): number => this.device.queues },
    DEVICE_STATUS: {
      read: (): number => this.device.status,
      write: (status) => this.setStatus(status),
    },
    CONFIG_GENERATION: { read: (): number => this.generation },
    QUEUE_SIZE: {
      read: (): number => this.queues.size(this.selected),
      write: (size) => this.queues.setSize(this.selected, size),
    },
    QUEUE_MSIX_VECTOR: {
      read: (): number => this.queues.vector(this.selected),
      write: (vector) => this.queues.setVector(this.selected, vector),
    },
    QUEUE_ENABLE: {
      read: (): number => this.queues.enabled(this.selected),
      write: (written) => this.queues.enable(this.selected, written),
    },
    QUEUE_NOTIFY_OFF: { read: (): number => this.queues.notifyOffset(this.selected) },
    QUEUE_DESC_LO: this.half(0),
    QUEUE_DESC_HI: this.half(1),
    QUEUE_DRIVER_LO: this.half(2),
    QUEUE_DRIVER_HI: this.half(3),
    QUEUE_DEVICE_LO: this.half(4),
    QUEUE_DEVICE_HI: this.half(5),
    QUEUE_RESET: {
      read: (): number => this.queues.resets(this.selected),
      write: (written) => this.queues.resetQueue(this.selected, written),
    },
  });

  constructor({ device, messages, onReset }: CommonConfigParts) {
    this.device = device;
    this.messages = messages;
    this.onReset = onReset;
    this.seenGeneration = device.configGeneration;
    this.queues = new QueueRegisters(device, messages);
  }

  private half(index: number): { read: () => number; write: (value: number) => void } {
    return {
      read: (): number => this.queues.half(this.selected, index),
      write: (value) => this.queues.setHalf(this.selected, index, value),
    };
  }

  private get selected(): number {
    return this.registers.get('QUEUE_SELECT');
  }

  /** §4.1.3.1: the driver uses each field's own width; anything else reads 0. */
  read(offset: number, width: AccessWidth): number {
    return this.registers.has(offset, width) ? this.registers.read(offset, width) : 0;
  }

  /** A write of another width does nothing. */
  write(offset: number, width: AccessWidth, value: number): void {
    this.registers.write(offset, width, value);
  }

  private acceptFeatures(bits: number): void {
    const { device, registers } = this;
    const select = registers.get('DRIVER_FEATURE_SELECT');
    device.driverFeatures = withWindow(device.driverFeatures, select, bits);
  }

  /** §4.1.5.1.2.1: a vector that there is not reads back as NO_VECTOR. */
  private setVector(vector: number): void {
    this.registers.set('CONFIG_MSIX_VECTOR', vector < this.messages ? vector : NO_VECTOR);
  }

  private setStatus(status: number): void {
    this.device.writeStatus(status);
    if (status === 0) {
      this.reset();
      this.onReset();
    }
  }

  /** The registers, but for the device's own. */
  reset(): void {
    this.registers.reset();
    this.queues.reset();
  }

  /**
   * The driver reads the device's configuration. The generation changes here, not with the
   * configuration: so it cannot come round in 256 changes between two reads (§4.1.4.3.1).
   */
  look(): void {
    const { configGeneration } = this.device;
    if (configGeneration !== this.seenGeneration) {
      this.seenGeneration = configGeneration;
      this.generation = (this.generation + 1) & 0xff;
    }
  }

  /** The MSI-X vector of configuration changes, or NO_VECTOR. */
  get configVector(): number {
    return this.registers.get('CONFIG_MSIX_VECTOR');
  }

  /** That of a queue's notifications. */
  queueVector(queue: number): number {
    return this.queues.vector(queue);
  }

  save(): CommonConfigState {
    return {
      registers: this.registers.save(),
      queues: this.queues.save(),
      generation: this.generation,
      seenGeneration: this.seenGeneration,
    };
  }

  load(state: CommonConfigState): void {
    this.registers.load(state.registers);
    this.queues.load(state.queues);
    this.generation = state.generation;
    this.seenGeneration = state.seenGeneration;
  }
}
