/**
 * Virtio over PCI, the device's side (VIRTIO 1.3 §4.1): a function whose registers stand in front
 * of a `VirtioDevice`, of whatever kind. Ids, BARs and capabilities are those of QEMU's.
 */
import {
  type AccessWidth,
  allOnes,
  type DeviceHost,
  deviceStatus,
  hasFeature,
  NO_VECTOR,
  type SharedPages,
  type Stateful,
  VIRTIO_PCI_DEVICE_BASE,
  VIRTIO_PCI_VENDOR,
  type VirtioDevice,
  virtioFeatures,
  type VirtioHost,
  virtioIsr,
  virtioPciLayout,
} from '@doorbell/abi';
import type { Bar, BarRegion } from './bar.ts';
import { type FunctionState, PciFunction } from './pci-function.ts';
import { SharedMemory } from './shared-memory.ts';
import {
  addSharedMemory,
  addVirtioCapabilities,
  configWindow,
  VIRTIO_MSIX_OFFSET,
  VIRTIO_PCIE_OFFSET,
  VIRTIO_PM_OFFSET,
} from './virtio-capabilities.ts';
import { CommonConfig, type CommonConfigState } from './virtio-common-config.ts';
import { ConfigWindow } from './virtio-config-window.ts';

const { QUEUE, CONFIG } = virtioIsr.rows.ISR.bits;
/** What QEMU gives every device whose board says nothing else. */
const QEMU_BOARD = { subsystemVendor: 0x1af4, subsystem: 0x1100 } as const;
/** Not a transitional device, whose revision is 0 (§4.1.2.1). */
const REVISION = 1;
/** One BAR for the table and the pending bits, half each. */
const MSIX_BAR_BYTES = 0x1000;
const MSIX_ENTRY_BYTES = 16;
const MOST_MESSAGES = MSIX_BAR_BYTES / 2 / MSIX_ENTRY_BYTES;

/** What a device half tells its driver, and shows it. */
export interface VirtioUpcalls extends Pick<VirtioHost, 'notifyDriver' | 'configChanged'> {
  /** Signals one of `extraVectors`, if MSI-X is on: an extension, with which ISR has nothing to do. */
  readonly signalVector: (vector: number) => void;
  readonly shared: SharedPages | undefined;
}

export interface VirtioPciParts {
  /** Makes the device. It makes no upcall before the function is there. */
  readonly make: (upcalls: VirtioUpcalls) => VirtioDevice;
  /** Base class 23:16, sub-class 15:8, programming interface 7:0. */
  readonly classCode: number;
  /** The board's ids; default: QEMU's. */
  readonly subsystemVendor?: number;
  readonly subsystem?: number;
  /** Of a shared memory region (§2.10). Default: there is none. */
  readonly sharedPages?: number;
  /** MSI-X vectors behind those of the configuration and of the queues. Default: 0. */
  readonly extraVectors?: number;
}

export interface VirtioPciState {
  readonly pci: FunctionState;
  readonly common: CommonConfigState;
  readonly isr: number;
  readonly kicks: number;
}

/**
 * `save` and `load` hold the transport's own registers: the device behind it has no state saving,
 * so a loaded function is right only when its device is again in the state that it had.
 */
export class VirtioPci extends PciFunction implements Stateful<VirtioPciState> {
  readonly device: VirtioDevice;
  readonly shared: SharedMemory | undefined;
  /** Available buffer notifications that reached the device. */
  kicks = 0;
  private isr = 0;
  /** The first MSI-X vector that neither the configuration nor a queue has. */
  private readonly firstExtra: number;
  private readonly common: CommonConfig;
  private readonly window: ConfigWindow;

  /** @throws RangeError when the device has more queues than there can be MSI-X vectors. */
  constructor(host: DeviceHost, parts: VirtioPciParts) {
    const { make, sharedPages = 0, extraVectors = 0, ...identity } = parts;
    const upcalls: { to?: VirtioPci } = {};
    const shared =
      sharedPages === 0 ? undefined : new SharedMemory(sharedPages, () => host.decodeChanged());
    const device = make({
      shared,
      signalVector: (vector) => upcalls.to?.signalVector(vector),
      notifyDriver: (queue) => upcalls.to?.notifyDriver(queue),
      configChanged: () => upcalls.to?.configChanged(),
    });
    super(host, {
      ...QEMU_BOARD,
      ...identity,
      vendor: VIRTIO_PCI_VENDOR,
      device: VIRTIO_PCI_DEVICE_BASE + device.deviceId,
      revision: REVISION,
      interruptPin: 1,
    });
    upcalls.to = this;
    this.device = device;
    this.shared = shared;
    const messages = device.queues + 1;
    this.firstExtra = messages;
    if (messages + extraVectors > MOST_MESSAGES) {
      throw new RangeError(`A virtio-pci function has ${MOST_MESSAGES - 1} queues at most.`);
    }
    this.common = new CommonConfig({ device, messages, onReset: () => this.clearIsr() });
    const structures = this.makeStructures();
    this.addBar(structures);
    this.addInterrupts(messages + extraVectors);
    addVirtioCapabilities(this.config);
    if (shared !== undefined) {
      this.addBar(shared.bar);
      addSharedMemory(this.config, shared.bar.size);
    }
    this.addPcie(VIRTIO_PCIE_OFFSET);
    this.addPowerManagement(VIRTIO_PM_OFFSET);
    this.window = new ConfigWindow(this.config, structures);
  }

  private addInterrupts(messages: number): void {
    const index = virtioPciLayout.MSIX_BAR;
    const pending = MSIX_BAR_BYTES / 2;
    const regions = this.addMsix(VIRTIO_MSIX_OFFSET, messages, index, 0, pending);
    this.addBar({ index, size: MSIX_BAR_BYTES, is64: false, prefetchable: false, regions });
  }

  /** Whether the device may reach memory (PCI's bus master enable). */
  get isBusMaster(): boolean {
    return this.masters();
  }

  // ------------------------------------------------------------------------------ structures

  private makeStructures(): Bar {
    const { BAR, BAR_BYTES, COMMON, ISR, DEVICE, NOTIFY } = virtioPciLayout;
    const { common } = this;
    return {
      index: BAR,
      size: BAR_BYTES,
      is64: true,
      prefetchable: true,
      regions: [
        part(
          COMMON,
          (offset, width) => common.read(offset, width),
          (offset, width, value) => common.write(offset, width, value),
        ),
        part(
          ISR,
          (offset, width) => this.readIsr(offset, width),
          () => {},
        ),
        part(
          DEVICE,
          (offset, width) => this.readConfig(offset, width),
          (offset, width, value) => this.writeConfig(offset, width, value),
        ),
        part(
          NOTIFY,
          () => 0,
          (offset, width, value) => this.notify(offset, width, value),
        ),
      ],
    };
  }

  private readConfig(offset: number, width: AccessWidth): number {
    const bytes = new Uint8Array(4);
    this.common.look();
    this.device.readConfig(offset, bytes.subarray(0, width));
    return (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  }

  private writeConfig(offset: number, width: AccessWidth, value: number): void {
    const bytes = Uint8Array.from({ length: width }, (_, index) => value >>> (8 * index));
    this.device.writeConfig(offset, bytes);
  }

  /**
   * §4.1.5.2: the queue's index, at the queue's place; in 16 bits, or in 32 with the driver's
   * place in the ring above it (NOTIFICATION_DATA). Anything else notifies nobody.
   */
  private notify(offset: number, width: AccessWidth, value: number): void {
    const queue = offset / virtioPciLayout.NOTIFY_MULTIPLIER;
    const isQueue = (value & 0xffff) === queue && queue < this.device.queues;
    if (isQueue && width === (this.notificationData() ? 4 : 2)) {
      this.kicks++;
      this.host.trace.event('kick', queue, 0);
      this.device.notify(queue);
    }
  }

  private notificationData(): boolean {
    const { status, features, driverFeatures } = this.device;
    return (
      (status & deviceStatus.FEATURES_OK) !== 0 &&
      hasFeature(features & driverFeatures, virtioFeatures.NOTIFICATION_DATA)
    );
  }

  // ------------------------------------------------------------------------------ interrupts

  /** §4.1.5.3: by the queue's message, or by ISR and INTx while MSI-X is off. */
  private notifyDriver(queue: number): void {
    if (this.msixEnabled()) {
      this.message(this.common.queueVector(queue));
    } else {
      this.raise(QUEUE.mask);
    }
  }

  /** §4.1.5.4. The ISR has its bit, whether MSI-X is on or off (§4.1.4.5.1). */
  private configChanged(): void {
    this.raise(CONFIG.mask);
    if (this.msixEnabled()) {
      this.message(this.common.configVector);
    }
  }

  private message(vector: number): void {
    if (vector !== NO_VECTOR) {
      this.signal(vector);
    }
  }

  private signalVector(vector: number): void {
    if (vector >= this.firstExtra && this.msixEnabled()) {
      this.signal(vector);
    }
  }

  private raise(bits: number): void {
    this.isr |= bits;
    this.setLevel(true);
  }

  private clearIsr(): void {
    this.isr = 0;
    this.setLevel(false);
  }

  private readIsr(offset: number, width: AccessWidth): number {
    if (!virtioIsrHas(offset, width)) {
      return 0;
    }
    const { isr } = this;
    this.clearIsr();
    return isr;
  }

  // ------------------------------------------------------------------------------ the window

  /** A read of the window's data is a read of the BAR. */
  override configRead(offset: number, width: AccessWidth): number {
    const { DATA, DATA_BYTES } = configWindow;
    if (offset < DATA + DATA_BYTES && DATA < offset + width) {
      this.window.read();
    }
    return super.configRead(offset, width);
  }

  // ------------------------------------------------------------------------------ state

  /** It has no timers. */
  override onTimer(): void {}

  protected override onReset(): void {
    this.device.writeStatus(0);
    this.common.reset();
    this.clearIsr();
  }

  save(): VirtioPciState {
    return {
      pci: this.saveFunction(),
      common: this.common.save(),
      isr: this.isr,
      kicks: this.kicks,
    };
  }

  load(state: VirtioPciState): void {
    this.loadFunction(state.pci);
    this.common.load(state.common);
    this.isr = state.isr;
    this.kicks = state.kicks;
  }
}

/** A structure in the BAR. §4.1.3.1: unaligned accesses read 0, or do nothing. */
function part(base: number, read: BarRegion['read'], write: BarRegion['write']): BarRegion {
  return {
    base,
    size: virtioPciLayout.PART_BYTES,
    widths: [1, 2, 4],
    read: (offset, width) => (offset % width === 0 ? read(offset, width) : 0),
    write: (offset, width, value) => {
      if (offset % width === 0) {
        write(offset, width, (value & allOnes(width)) >>> 0);
      }
    },
  };
}

function virtioIsrHas(offset: number, width: AccessWidth): boolean {
  const { ISR } = virtioIsr.rows;
  return offset === ISR.offset && width === ISR.width;
}
