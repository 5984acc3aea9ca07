/**
 * A device without a requester of its own (vfio_register_emulated_iommu_dev): a mediated device,
 * whose driver reaches the user's memory through the container, by pinning pages. Its group has no
 * IOMMU, and no other member.
 */
import type { Bdf } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { VfioContainer } from './vfio-container.ts';

/** What sysfs says of a mediated device. */
export interface Mediated {
  /** The function that it is a share of. */
  readonly parent: Bdf;
  /** mdev_type. */
  readonly type: string;
}

/** What its driver is told. */
export interface EmulatedDevice {
  /** Its UUID. */
  readonly name: string;
  readonly mediated: Mediated;
  /** The first handle is opened. From here on it may pin pages of the container. @throws VfioError */
  open(container: VfioContainer): void;
  /** The last handle is closed: everything it has pinned is unpinned when this returns. */
  close(): void;
}

/** An open handle of such a device. */
export class EmulatedHandle {
  readonly device: EmulatedDevice;
  private readonly onClose: () => void;
  private isOpen = true;

  constructor(device: EmulatedDevice, onClose: () => void) {
    this.device = device;
    this.onClose = onClose;
  }

  /** @throws VfioError EBADF. */
  close(): void {
    if (!this.isOpen) {
      throw new VfioError('EBADF', `The device handle of ${this.device.name} is closed.`);
    }
    this.isOpen = false;
    this.onClose();
  }
}
