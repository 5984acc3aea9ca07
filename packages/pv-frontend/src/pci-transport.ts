/** Virtio over PCI (VIRTIO 1.3 §4.1): a `VirtioTransport` on the registers of a function. */
import {
  type Accessors,
  accessors,
  type FeatureSet,
  type PciDevice,
  type QueueSetup,
  type SharedRegion,
  VIRTIO_PCI_DEVICE_BASE,
  virtioCommonConfig,
  type VirtioTransport,
} from '@doorbell/abi';
import { enableFunction, identify } from './pci-function.ts';
import { PciInterrupts } from './pci-interrupts.ts';
import {
  findStructures,
  sharedRegion,
  type VirtioStructures,
  type Window,
} from './pci-structures.ts';
import { ProbeError } from './probe-error.ts';

/** Between two looks at a status that is being reset, and how often it is looked at. */
const RESET_PAUSE_NS = 10_000;
const MOST_RESET_LOOKS = 100_000;
/** How often a configuration is read that changes all the time (§2.5.1). */
const MOST_GENERATIONS = 100;

/** Takes a virtio function in hand; `release` gives it back. @throws ProbeError when it is none. */
export function pciTransport(device: PciDevice): VirtioTransport {
  const deviceId = identify(device.config) - VIRTIO_PCI_DEVICE_BASE;
  const steps: (() => void)[] = [];
  const undo = (): void => {
    for (const step of steps.splice(0).reverse()) {
      step();
    }
  };
  try {
    enableFunction(device.config, (step) => steps.push(step));
    const structures = findStructures(device);
    const interrupts = new PciInterrupts(device, structures, (step) => steps.push(step));
    return new PciTransport(device, deviceId, structures, interrupts, undo);
  } catch (error) {
    undo();
    throw error;
  }
}

type Common = Accessors<typeof virtioCommonConfig.rows>;

class PciTransport implements VirtioTransport {
  readonly deviceId: number;
  readonly release: () => void;
  private readonly device: PciDevice;
  private readonly common: Common;
  private readonly config: Window | undefined;
  private readonly structures: VirtioStructures;
  private readonly interrupts: PciInterrupts;
  /** Where each queue's doorbell is, in the notification structure. */
  private readonly doorbells: number[] = [];

  constructor(
    device: PciDevice,
    deviceId: number,
    structures: VirtioStructures,
    interrupts: PciInterrupts,
    release: () => void,
  ) {
    this.device = device;
    this.deviceId = deviceId;
    this.structures = structures;
    this.interrupts = interrupts;
    this.release = release;
    this.config = structures.device;
    const { mmio, base } = structures.common;
    this.common = accessors(virtioCommonConfig, mmio, base);
  }

  async readStatus(): Promise<number> {
    return this.common.DEVICE_STATUS.read();
  }

  async writeStatus(status: number): Promise<void> {
    this.common.DEVICE_STATUS.write(status);
    // §4.1.4.3.2: after a reset the driver waits until the device reads 0.
    for (let looks = 0; status === 0 && this.common.DEVICE_STATUS.read() !== 0; looks++) {
      if (looks === MOST_RESET_LOOKS) {
        throw new ProbeError('The device does not come out of its reset.');
      }
      await this.device.clock.sleep(RESET_PAUSE_NS);
    }
    if (status === 0) {
      this.interrupts.reset();
    }
  }

  async deviceFeatures(): Promise<FeatureSet> {
    const { DEVICE_FEATURE_SELECT, DEVICE_FEATURE } = this.common;
    const half = (select: number): bigint => {
      DEVICE_FEATURE_SELECT.write(select);
      return BigInt(DEVICE_FEATURE.read());
    };
    return half(0) | (half(1) << 32n);
  }

  async setDriverFeatures(features: FeatureSet): Promise<void> {
    const { DRIVER_FEATURE_SELECT, DRIVER_FEATURE } = this.common;
    for (const half of [0, 1]) {
      DRIVER_FEATURE_SELECT.write(half);
      DRIVER_FEATURE.write(Number(BigInt.asUintN(32, features >> BigInt(32 * half))));
    }
  }

  async readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    // §2.5.1: values that belong together are of one generation.
    for (let tries = 0; tries < MOST_GENERATIONS; tries++) {
      const before = this.common.CONFIG_GENERATION.read();
      const read = this.readOnce(offset, bytes);
      if (this.common.CONFIG_GENERATION.read() === before) {
        return read;
      }
    }
    throw new ProbeError('The configuration of the device never stands still.');
  }

  private readOnce(offset: number, bytes: number): Uint8Array {
    const { mmio, base } = this.configWithin(offset, bytes);
    const into = new Uint8Array(bytes);
    const view = new DataView(into.buffer);
    for (let at = 0; at < bytes;) {
      // §4.1.3.1: a 32-bit field is read by 32 bits.
      const word = (offset + at) % 4 === 0 && bytes - at >= 4;
      const value = mmio.read(base + offset + at, word ? 4 : 1);
      if (word) {
        view.setUint32(at, value, true);
      } else {
        view.setUint8(at, value);
      }
      at += word ? 4 : 1;
    }
    return into;
  }

  async writeConfig(offset: number, bytes: Uint8Array): Promise<void> {
    const { mmio, base } = this.configWithin(offset, bytes.length);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length;) {
      const word = (offset + at) % 4 === 0 && bytes.length - at >= 4;
      const value = word ? view.getUint32(at, true) : view.getUint8(at);
      mmio.write(base + offset + at, word ? 4 : 1, value);
      at += word ? 4 : 1;
    }
  }

  private configWithin(offset: number, bytes: number): Window {
    const { config } = this;
    if (config === undefined || offset + bytes > config.bytes) {
      throw new ProbeError(`The device has no ${bytes} bytes of configuration at ${offset}.`);
    }
    return config;
  }

  async maxQueueSize(queue: number): Promise<number> {
    if (queue >= this.common.NUM_QUEUES.read()) {
      return 0;
    }
    this.common.QUEUE_SELECT.write(queue);
    return this.common.QUEUE_SIZE.read();
  }

  async enableQueue(queue: number, setup: QueueSetup, onUsed: () => void): Promise<void> {
    const { common } = this;
    common.QUEUE_SELECT.write(queue);
    common.QUEUE_SIZE.write(setup.size);
    this.doorbells[queue] = this.doorbell(queue, common.QUEUE_NOTIFY_OFF.read());
    const vector = this.interrupts.onQueue(queue, onUsed);
    if (vector !== undefined) {
      common.QUEUE_MSIX_VECTOR.write(vector);
      accepted(common.QUEUE_MSIX_VECTOR.read(), vector);
    }
    const { DESC, DRIVER, DEVICE } = areas;
    write64(common[`${DESC}_LO`], common[`${DESC}_HI`], setup.descriptors);
    write64(common[`${DRIVER}_LO`], common[`${DRIVER}_HI`], setup.driver);
    write64(common[`${DEVICE}_LO`], common[`${DEVICE}_HI`], setup.device);
    // Last: the device may use all of the above from here on.
    common.QUEUE_ENABLE.write(1);
  }

  /** §4.1.4.4: where a queue is notified. @throws ProbeError when that is not in the structure. */
  private doorbell(queue: number, off: number): number {
    const { window, multiplier } = this.structures.notify;
    const at = off * multiplier;
    if (at % 2 !== 0 || at + 2 > window.bytes) {
      throw new ProbeError(
        `Queue ${queue} is notified at ${at}, beyond the notification structure.`,
      );
    }
    return window.base + at;
  }

  notify(queue: number): void {
    // The ring must be in memory before the doorbell is rung: its `publish` ends with a barrier.
    this.structures.notify.window.mmio.write(this.doorbells[queue], 2, queue);
  }

  sharedMemory(id: number): SharedRegion | undefined {
    return sharedRegion(this.device, id);
  }

  handleVector(vector: number, handler: () => void): boolean {
    return this.interrupts.onVector(vector, handler);
  }

  onConfigChange(handler: () => void): void {
    const vector = this.interrupts.onConfig(handler);
    if (vector !== undefined) {
      this.common.CONFIG_MSIX_VECTOR.write(vector);
      accepted(this.common.CONFIG_MSIX_VECTOR.read(), vector);
    }
  }
}

const areas = { DESC: 'QUEUE_DESC', DRIVER: 'QUEUE_DRIVER', DEVICE: 'QUEUE_DEVICE' } as const;

/** §4.1.5.1.2.1: a device that cannot use a vector says so. */
function accepted(read: number, vector: number): void {
  if (read !== vector) {
    throw new ProbeError(`The device does not take MSI-X vector ${vector}.`);
  }
}

/** §4.1.3.1: 64-bit fields are written by halves. */
function write64(
  low: { write(value: number): void },
  high: { write(value: number): void },
  value: number,
): void {
  low.write(value % 2 ** 32);
  high.write(Math.floor(value / 2 ** 32));
}
