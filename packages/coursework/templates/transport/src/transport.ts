/**
 * The driver's half of virtio over PCI, VIRTIO 1.3 §4.1. It carries the kind of device and its
 * status, and nothing else yet. The rules of each call are at the declaration of `VirtioTransport`,
 * in `@doorbell/abi`; registers and capabilities are there too.
 */
import {
  accessors,
  type0Header,
  virtioCommonConfig,
  VIRTIO_PCI_DEVICE_BASE,
  VIRTIO_PCI_VENDOR,
  virtioPciCaps,
  type Accessors,
  type FeatureSet,
  type PciDevice,
  type QueueSetup,
  type VirtioTransport,
} from '@doorbell/abi';
import { findStructure } from './structures.ts';

const { VENDOR_ID, DEVICE_ID, COMMAND } = type0Header.rows;
/** §4.1.2: ids up to here are virtio's. */
const LAST_DEVICE = 0x107f;

export class PciTransport implements VirtioTransport {
  readonly deviceId: number;
  private readonly device: PciDevice;
  private readonly common: Accessors<typeof virtioCommonConfig.rows>;

  constructor(device: PciDevice) {
    const { config } = device;
    const id = config.read(DEVICE_ID.offset, 2);
    const isVirtio = config.read(VENDOR_ID.offset, 2) === VIRTIO_PCI_VENDOR;
    if (!isVirtio || id < VIRTIO_PCI_DEVICE_BASE || id > LAST_DEVICE) {
      throw new Error('The function is no virtio device of version 1.');
    }
    this.device = device;
    this.deviceId = id - VIRTIO_PCI_DEVICE_BASE;
    const { MEMORY, BUS_MASTER } = COMMAND.bits;
    const command = config.read(COMMAND.offset, 2);
    config.write(COMMAND.offset, 2, command | MEMORY.mask | BUS_MASTER.mask);
    const { mmio, base } = findStructure(device, virtioPciCaps.COMMON);
    this.common = accessors(virtioCommonConfig, mmio, base);
  }

  async readStatus(): Promise<number> {
    return this.common.DEVICE_STATUS.read();
  }

  /** A reset (0) is not over when it is written. */
  async writeStatus(status: number): Promise<void> {
    this.common.DEVICE_STATUS.write(status);
  }

  async deviceFeatures(): Promise<FeatureSet> {
    throw new Error('Features are not read yet.');
  }

  async setDriverFeatures(features: FeatureSet): Promise<void> {
    throw new Error(`Features 0x${features.toString(16)} are not written yet.`);
  }

  async readConfig(offset: number, bytes: number): Promise<Uint8Array> {
    throw new Error(`${bytes} bytes of the configuration at ${offset} are not read yet.`);
  }

  async writeConfig(offset: number, { length }: Uint8Array): Promise<void> {
    throw new Error(`${length} bytes of the configuration at ${offset} are not written yet.`);
  }

  async maxQueueSize(queue: number): Promise<number> {
    throw new Error(`The size of queue ${queue} is not read yet.`);
  }

  async enableQueue(queue: number, { size }: QueueSetup, _onUsed: () => void): Promise<void> {
    throw new Error(`Queue ${queue}, of ${size} entries, is not enabled yet.`);
  }

  notify(queue: number): void {
    throw new Error(`Queue ${queue} is not notified yet.`);
  }

  onConfigChange(): void {
    // Nobody is told of changes yet.
  }

  release(): void {
    const { config } = this.device;
    const { MEMORY, BUS_MASTER } = COMMAND.bits;
    const command = config.read(COMMAND.offset, 2);
    config.write(COMMAND.offset, 2, command & ~(MEMORY.mask | BUS_MASTER.mask));
  }
}
