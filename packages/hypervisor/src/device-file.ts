/**
 * A handle of /dev/vfio/devices/vfioN (drivers/vfio/device_cdev.c): the device's own file, which
 * gives no access until it is bound to an iommufd. It excludes the group's file.
 */
import { VfioError } from './errno.ts';
import type { GroupMember } from './iommu-group.ts';
import type { BoundDevice, Iommufd } from './iommufd.ts';
import type { GroupRecord } from './vfio-group.ts';
import type { VfioDevice } from './vfio-device.ts';
import { nextFileState, type DeviceFileRequest, type DeviceFileState } from './vfio-ownership.ts';

export interface DeviceFileParts {
  readonly member: GroupMember;
  readonly record: GroupRecord;
  /** Opens the device, for who has bound it to `context`. */
  readonly openDevice: (context: Iommufd, onClose: () => void) => VfioDevice;
}

interface Binding {
  readonly context: Iommufd;
  readonly bound: BoundDevice;
  readonly device: VfioDevice;
}

export class DeviceFile {
  private readonly parts: DeviceFileParts;
  private current: DeviceFileState = 'opened';
  private isOpen = true;
  private binding: Binding | undefined;

  constructor(parts: DeviceFileParts) {
    this.parts = parts;
    parts.member.files++;
  }

  get state(): DeviceFileState | 'closed' {
    return this.isOpen ? this.current : 'closed';
  }

  /**
   * VFIO_DEVICE_BIND_IOMMUFD: the id of the device in the iommufd.
   * @throws VfioError EBADF; EBUSY the group's file is open; EINVAL bound already, by whatever
   * file; EPERM a host driver or another iommufd has the group.
   */
  bind(context: Iommufd): number {
    const { member, record, openDevice } = this.parts;
    const next = this.after('bind');
    const group = record.after('bind a device to an iommufd');
    if (record.devices.has(member)) {
      throw new VfioError('EINVAL', `${member.name} is bound to an iommufd by another file.`);
    }
    const bound = context.bind(member);
    try {
      const device = openDevice(context, () => {
        record.devices.delete(member);
        context.release(bound);
        const isLast = record.devices.size === 0;
        record.step(
          isLast ? 'release the last device from its iommufd' : 'release a device from its iommufd',
        );
      });
      member.handles++;
      record.devices.set(member, device);
      this.binding = { context, bound, device };
    } catch (error) {
      context.release(bound);
      throw error;
    }
    record.state = group;
    record.user = context.userName;
    this.current = next;
    return bound.id;
  }

  /** The device, for all other calls. @throws VfioError EBADF; EINVAL not bound. */
  device(): VfioDevice {
    this.after('use');
    return this.binding!.device;
  }

  /** VFIO_DEVICE_ATTACH_IOMMUFD_PT: the page table's id. @throws VfioError EBADF; EINVAL not bound; and as `Iommufd.attach`. */
  attach(id: number): number {
    const next = this.after('attach');
    const { context, bound } = this.binding!;
    const table = context.attach(bound, id);
    this.current = next;
    return table;
  }

  /** VFIO_DEVICE_DETACH_IOMMUFD_PT: its DMA reaches nothing. @throws VfioError EBADF; EINVAL not bound. */
  detach(): void {
    const next = this.after('detach');
    const { context, bound } = this.binding!;
    context.detach(bound);
    this.current = next;
  }

  /** @throws VfioError EBADF. */
  close(): void {
    this.checkOpen();
    this.isOpen = false;
    this.parts.member.files--;
    this.binding?.device.close();
  }

  private after(request: DeviceFileRequest): DeviceFileState {
    this.checkOpen();
    return nextFileState(this.parts.member.name, this.current, request);
  }

  private checkOpen(): void {
    if (!this.isOpen) {
      throw new VfioError('EBADF', `The file of ${this.parts.member.name} is closed.`);
    }
  }
}
