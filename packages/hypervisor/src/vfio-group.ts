/** VFIO's view of an IOMMU group (drivers/vfio/group.c): who has /dev/vfio/N open, and what of it. */
import { formatBdf, type Bdf } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { GroupMember, IommuGroup } from './iommu-group.ts';
import type { GroupFile } from './reset-scope.ts';
import type { ContainedGroup, VfioContainer } from './vfio-container.ts';
import type { VfioDevice } from './vfio-device.ts';
import { EmulatedHandle, type EmulatedDevice } from './vfio-emulated.ts';
import { nextState, type GroupRequest, type GroupState } from './vfio-ownership.ts';

/** A group as VFIO keeps it, whoever has it open. */
export class GroupRecord implements ContainedGroup {
  readonly id: number;
  /** Undefined for that of an emulated device. */
  readonly group: IommuGroup | undefined;
  readonly emulated: EmulatedDevice | undefined;
  state: GroupState = 'absent';
  handle: VfioGroup | undefined;
  /** Who opened it last. */
  user = '';
  container: VfioContainer | undefined;
  /** Devices of it that are open, by its file or their own. */
  readonly devices = new Map<GroupMember, VfioDevice>();
  /** Handles of its emulated device. */
  emulatedHandles = 0;

  constructor(id: number, group: IommuGroup | undefined, emulated?: EmulatedDevice) {
    this.id = id;
    this.group = group;
    this.emulated = emulated;
  }

  /** What `request` would lead to. @throws VfioError when it is refused. */
  after(request: GroupRequest): GroupState {
    return nextState(this.id, this.state, request, this.user);
  }

  step(request: GroupRequest): void {
    this.state = this.after(request);
  }

  iommuSet(): void {
    this.step('set the IOMMU');
  }

  leaveContainer(): void {
    const { container } = this;
    this.container = undefined;
    container?.removeGroup(this);
  }

  /** A handle of a device was closed. */
  deviceClosed(): void {
    const isLast = this.devices.size === 0 && this.emulatedHandles === 0;
    this.step(isLast ? 'close the last device' : 'close a device');
    if (this.state === 'idle') {
      this.leaveContainer();
    }
  }
}

/** Enables a function for a user. */
type OpenDevice = (member: GroupMember, onClose: () => void) => VfioDevice;

/** A handle of /dev/vfio/N. */
export class VfioGroup implements GroupFile {
  private readonly record: GroupRecord;
  private readonly openDevice: OpenDevice;
  private isClosed = false;

  constructor(record: GroupRecord, openDevice: OpenDevice) {
    this.record = record;
    this.openDevice = openDevice;
  }

  get openGroup(): number | undefined {
    return this.isClosed ? undefined : this.record.id;
  }

  get state(): GroupState {
    return this.record.handle === this ? this.record.state : 'absent';
  }

  /** VFIO_GROUP_GET_STATUS. */
  get isViable(): boolean {
    return this.record.group?.isViable ?? true;
  }

  /** @throws VfioError EBADF, ENODEV, EINVAL; EPERM when the group is not viable. */
  setContainer(container: VfioContainer): void {
    const { record } = this;
    this.checkOpen();
    const next = record.after('set the container');
    container.addGroup(record);
    record.container = container;
    record.state = next;
    if (container.hasIommu) {
      record.iommuSet();
    }
  }

  /** @throws VfioError EBADF, ENODEV, EINVAL; EBUSY while a device is open. */
  unsetContainer(): void {
    this.checkOpen();
    this.record.step('unset the container');
    this.record.leaveContainer();
  }

  /** VFIO_GROUP_GET_DEVICE_FD; a device may be opened more than once. @throws VfioError EBADF, ENODEV, EINVAL. */
  device(at: Bdf): VfioDevice {
    const { record } = this;
    this.checkOpen();
    const member = record.group?.members.find(({ bdf }) => bdf === at);
    if (member?.driver?.kind !== 'vfio') {
      const why =
        member === undefined ? 'is not in it' : `is bound to ${member.driver?.name ?? 'no driver'}`;
      throw new VfioError(
        'ENODEV',
        `Group ${record.id} has no VFIO device ${formatBdf(at)}, which ${why}.`,
      );
    }
    const next = record.after('open a device');
    const device =
      record.devices.get(member) ??
      this.openDevice(member, () => {
        if (member.handles === 0) {
          record.devices.delete(member);
        }
        record.deviceClosed();
      });
    record.devices.set(member, device);
    member.handles++;
    record.state = next;
    return device;
  }

  /** VFIO_GROUP_GET_DEVICE_FD of an emulated device. @throws VfioError EBADF, ENODEV, EINVAL. */
  emulatedDevice(name: string): EmulatedHandle {
    const { record } = this;
    const { emulated } = record;
    this.checkOpen();
    if (emulated?.name !== name) {
      throw new VfioError('ENODEV', `Group ${record.id} has no VFIO device ${name}.`);
    }
    const next = record.after('open a device');
    if (record.emulatedHandles === 0) {
      emulated.open(record.container!);
    }
    record.emulatedHandles++;
    record.state = next;
    return new EmulatedHandle(emulated, () => {
      record.emulatedHandles--;
      if (record.emulatedHandles === 0) {
        emulated.close();
      }
      record.deviceClosed();
    });
  }

  /** Devices that are open keep the rest. @throws VfioError EBADF. */
  close(): void {
    const { record } = this;
    this.checkHandle();
    this.isClosed = true;
    if (record.handle !== this) {
      return;
    }
    record.step('close');
    record.handle = undefined;
    if (record.state !== 'draining') {
      record.leaveContainer();
    }
  }

  private checkHandle(): void {
    if (this.isClosed) {
      throw new VfioError('EBADF', `The handle of group ${this.record.id} is closed.`);
    }
  }

  /** A handle whose group went away can only be closed. */
  private checkOpen(): void {
    this.checkHandle();
    if (this.record.handle !== this) {
      throw new VfioError('ENODEV', `Group ${this.record.id} has lost its last VFIO device.`);
    }
  }
}
