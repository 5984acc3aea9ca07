/**
 * VFIO: host drivers are bound and unbound, and a user opens a group, puts it in a container and
 * is given its devices (Documentation/driver-api/vfio.rst). Handles may be closed in any order;
 * what they held goes with the last that needs it.
 */
import { formatBdf, type Bdf } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import {
  IommuGroup,
  type DefaultDomain,
  type GroupMember,
  type HostDriver,
  type HostFunction,
} from './iommu-group.ts';
import type { Iommu } from './iommu.ts';
import type { HostIrq } from './message-router.ts';
import type { CostName } from './profile.ts';
import { VfioContainer, type ContainedGroup, type VfioUser } from './vfio-container.ts';
import { VfioDevice } from './vfio-device.ts';
import { nextState, type GroupRequest, type GroupState } from './vfio-ownership.ts';

export interface VfioOptions {
  readonly iommu: Iommu;
  /** Of the host: where messages of assigned functions go. */
  readonly interrupts: HostIrq;
  readonly drivers: readonly HostDriver[];
  readonly defaultDomain: DefaultDomain;
  /** Spends CPU time: `times` operations of that price. */
  readonly charge?: (cost: CostName, times: number) => void;
}

/** A group as VFIO keeps it, whoever has it open. */
class GroupRecord implements ContainedGroup {
  readonly group: IommuGroup;
  state: GroupState = 'absent';
  handle: VfioGroup | undefined;
  /** Who opened it last. */
  user = '';
  container: VfioContainer | undefined;
  /** Devices of it that are open. */
  readonly devices = new Map<GroupMember, VfioDevice>();

  constructor(group: IommuGroup) {
    this.group = group;
  }

  /** What `request` would lead to. @throws VfioError when it is refused. */
  after(request: GroupRequest): GroupState {
    return nextState(this.group.id, this.state, request, this.user);
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
}

/** A handle of /dev/vfio/N. */
export class VfioGroup {
  private readonly record: GroupRecord;
  private readonly host: HostIrq;

  constructor(record: GroupRecord, host: HostIrq) {
    this.record = record;
    this.host = host;
  }

  get state(): GroupState {
    return this.record.handle === this ? this.record.state : 'absent';
  }

  /** VFIO_GROUP_GET_STATUS. */
  get isViable(): boolean {
    return this.record.group.isViable;
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
    const member = record.group.members.find(({ bdf }) => bdf === at);
    if (member?.driver?.kind !== 'vfio') {
      const why =
        member === undefined ? 'is not in it' : `is bound to ${member.driver?.name ?? 'no driver'}`;
      throw new VfioError(
        'ENODEV',
        `Group ${record.group.id} has no VFIO device ${formatBdf(at)}, which ${why}.`,
      );
    }
    const next = record.after('open a device');
    const device =
      record.devices.get(member) ?? new VfioDevice(member, this.host, () => closed(record, member));
    record.devices.set(member, device);
    member.handles++;
    record.state = next;
    return device;
  }

  /** Devices that are open keep the rest. @throws VfioError EBADF. */
  close(): void {
    const { record } = this;
    if (record.handle !== this) {
      this.markClosed();
      return;
    }
    record.step('close');
    record.handle = undefined;
    this.isClosed = true;
    if (record.state !== 'draining') {
      record.leaveContainer();
    }
  }

  private isClosed = false;

  /** A handle whose group went away can only be closed. */
  private markClosed(): void {
    if (this.isClosed) {
      throw new VfioError('EBADF', `The handle of group ${this.record.group.id} is closed.`);
    }
    this.isClosed = true;
  }

  private checkOpen(): void {
    if (this.isClosed) {
      throw new VfioError('EBADF', `The handle of group ${this.record.group.id} is closed.`);
    }
    if (this.record.handle !== this) {
      throw new VfioError('ENODEV', `Group ${this.record.group.id} has lost its last VFIO device.`);
    }
  }
}

/** A handle of a device was closed. */
function closed(record: GroupRecord, member: GroupMember): void {
  if (member.handles === 0) {
    record.devices.delete(member);
  }
  record.step(record.devices.size === 0 ? 'close the last device' : 'close a device');
  if (record.state === 'idle') {
    record.leaveContainer();
  }
}

export type { HostDriver } from './iommu-group.ts';
export type { VfioContainer, VfioUser } from './vfio-container.ts';
export type { VfioDevice } from './vfio-device.ts';

export class Vfio {
  private readonly options: VfioOptions;
  private readonly groups = new Map<number, GroupRecord>();
  private readonly members = new Map<Bdf, GroupMember>();

  constructor(options: VfioOptions) {
    this.options = options;
  }

  /** Functions that the IOMMU cannot tell apart, under a number. @throws RangeError when one is in a group already. */
  addGroup(id: number, functions: readonly HostFunction[]): void {
    const { iommu, defaultDomain } = this.options;
    const known = functions.find(({ bdf }) => this.members.has(bdf));
    if (known !== undefined || this.groups.has(id)) {
      throw new RangeError(`Group ${id} or a function of it is there already.`);
    }
    const group = new IommuGroup(id, functions, iommu, defaultDomain);
    this.groups.set(id, new GroupRecord(group));
    group.members.forEach((member) => this.members.set(member.bdf, member));
  }

  /**
   * The functions of a group are gone: each is unbound from its driver.
   * @throws VfioError ENOENT no such group; EBUSY a user has one open (Linux asks the user for it, and waits).
   */
  removeGroup(id: number): void {
    const { group } = this.record(id);
    group.members
      .filter(({ driver }) => driver !== undefined)
      .forEach(({ bdf }) => this.unbind(bdf));
    group.detach();
    this.groups.delete(id);
    group.members.forEach(({ bdf }) => this.members.delete(bdf));
  }

  /** Whether a user has the function open. */
  isOpen(at: Bdf): boolean {
    return this.member(at).handles > 0;
  }

  /** The group of a function. @throws VfioError ENODEV. */
  groupOf(at: Bdf): IommuGroup {
    return this.member(at).group;
  }

  /** Group numbers, with the functions and drivers of each. */
  list(): readonly IommuGroup[] {
    return [...this.groups.values()].map(({ group }) => group);
  }

  /** /sys/bus/pci/devices/…/driver_override; undefined clears it. */
  setDriverOverride(at: Bdf, driver: string | undefined): void {
    this.member(at).driverOverride = driver;
  }

  /**
   * /sys/bus/pci/drivers/…/bind.
   * @throws VfioError ENOENT no such driver; EBUSY bound already, or a user has the group; ENODEV
   * the driver does not take the function; EINVAL vfio-pci without an IOMMU.
   */
  bind(at: Bdf, name: string): void {
    const member = this.member(at);
    const { group } = member;
    const driver = this.options.drivers.find((each) => each.name === name);
    if (driver === undefined) {
      throw new VfioError('ENOENT', `There is no driver '${name}'.`);
    }
    if (member.driver !== undefined) {
      throw new VfioError('EBUSY', `${member.name} is bound to ${member.driver.name} already.`);
    }
    if (!member.matches(driver)) {
      throw new VfioError(
        'ENODEV',
        `The driver ${name} does not take ${member.name}; driver_override would make it.`,
      );
    }
    if (driver.kind === 'host' && group.owner !== undefined) {
      throw new VfioError(
        'EBUSY',
        `${member.name} cannot be bound to ${name}, because ${group.owner} owns group ${group.id}.`,
      );
    }
    if (driver.kind === 'vfio') {
      this.bindVfio(member);
    }
    member.driver = driver;
  }

  /** /sys/bus/pci/drivers_probe: binds the first driver that takes the function, if there is one. */
  probe(at: Bdf): void {
    const member = this.member(at);
    const driver = this.options.drivers.find((each) => member.matches(each));
    if (driver !== undefined) {
      this.bind(at, driver.name);
    }
  }

  /** /sys/bus/pci/drivers/…/unbind. @throws VfioError ENODEV not bound; EBUSY a user has the device open. */
  unbind(at: Bdf): void {
    const member = this.member(at);
    if (member.driver === undefined) {
      throw new VfioError('ENODEV', `${member.name} is not bound to a driver.`);
    }
    const record = this.record(member.group.id);
    if (member.driver.kind === 'vfio' && (member.handles > 0 || member.group.vfioMembers === 1)) {
      record.step('unbind the last device');
      record.handle = undefined;
      record.leaveContainer();
    }
    member.driver = undefined;
  }

  /** Opens /dev/vfio/vfio. */
  openContainer(user: VfioUser): VfioContainer {
    return new VfioContainer(user, this.options.iommu, this.options.charge ?? (() => {}));
  }

  /** Opens /dev/vfio/N. @throws VfioError ENOENT, EBUSY. */
  openGroup(id: number, user: VfioUser): VfioGroup {
    const record = this.record(id);
    record.step('open');
    record.user = user.name;
    record.handle = new VfioGroup(record, this.options.interrupts);
    return record.handle;
  }

  private bindVfio(member: GroupMember): void {
    if (!this.options.iommu.enabled) {
      throw new VfioError(
        'EINVAL',
        `${member.name} is in no IOMMU group, because the IOMMU is off.`,
      );
    }
    if (member.group.vfioMembers === 0) {
      this.record(member.group.id).step('bind the first device');
    }
  }

  private record(id: number): GroupRecord {
    const record = this.groups.get(id);
    if (record === undefined) {
      throw new VfioError('ENOENT', `There is no group ${id}.`);
    }
    return record;
  }

  private member(at: Bdf): GroupMember {
    const member = this.members.get(at);
    if (member === undefined) {
      throw new VfioError('ENODEV', `There is no function ${formatBdf(at)} in a group.`);
    }
    return member;
  }
}
