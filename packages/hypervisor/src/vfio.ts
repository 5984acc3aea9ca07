/**
 * VFIO: host drivers are bound and unbound, and a user is given devices, by the group's file and a
 * container or by the devices' own files and an iommufd (Documentation/driver-api/vfio.rst,
 * Documentation/userspace-api/iommufd.rst). Handles may be closed in any order; what they held
 * goes with the last that needs it.
 */
import { type Bdf, formatBdf, type0Header } from '@doorbell/abi';
import { DeviceFile } from './device-file.ts';
import { VfioError } from './errno.ts';
import { groupOwnership, type GroupOwnership } from './group-ownership.ts';
import { HotReset } from './hot-reset.ts';
import {
  IommuGroup,
  type DefaultDomain,
  type GroupMember,
  type HostDriver,
  type HostFunction,
  type PciId,
} from './iommu-group.ts';
import type { Iommu } from './iommu.ts';
import { Iommufd } from './iommufd.ts';
import type { HostIrq } from './message-router.ts';
import { PciDrivers } from './pci-drivers.ts';
import type { CostName } from './profile.ts';
import type { ResetBuses } from './reset-scope.ts';
import type { VfioUser } from './user-pages.ts';
import { VfioContainer } from './vfio-container.ts';
import { VfioDevice } from './vfio-device.ts';
import type { EmulatedDevice } from './vfio-emulated.ts';
import { GroupRecord, VfioGroup } from './vfio-group.ts';
import type { GroupState } from './vfio-ownership.ts';

/** Its default in Linux. */
const DMA_ENTRY_LIMIT = 65535;

const { HEADER_TYPE } = type0Header.rows;

export interface VfioOptions {
  readonly iommu: Iommu;
  /** Of the host: where the interrupts of a function go. */
  readonly interrupts: (at: Bdf) => HostIrq;
  readonly drivers: readonly HostDriver[];
  readonly defaultDomain: DefaultDomain;
  readonly buses: ResetBuses;
  /** dma_entry_limit, the module's parameter: how many mappings a container may have. */
  readonly entryLimit?: number;
  /** disable_hugepages, the module's parameter: the IOMMU is given pages of 4 KiB, one by one. */
  readonly disableHugepages?: boolean;
  /** Spends CPU time: `times` operations of that price. */
  readonly charge?: (cost: CostName, times: number) => void;
}

export type { HostDriver } from './iommu-group.ts';
export type { VfioUser } from './user-pages.ts';
export type { VfioContainer } from './vfio-container.ts';
export type { VfioDevice } from './vfio-device.ts';
export type { EmulatedDevice } from './vfio-emulated.ts';
export type { VfioGroup } from './vfio-group.ts';

export class Vfio {
  private readonly options: VfioOptions;
  private readonly groups = new Map<number, GroupRecord>();
  /** Host drivers, and which functions they have. */
  readonly drivers: PciDrivers;
  private readonly hotReset: HotReset;

  constructor(options: VfioOptions) {
    this.options = options;
    this.drivers = new PciDrivers(options.drivers, {
      probe: (member, driver) => {
        this.probeBy(member, driver);
      },
      remove: (member, driver) => {
        this.removeBy(member, driver);
      },
    });
    this.hotReset = new HotReset({
      buses: options.buses,
      member: (at) => (this.drivers.has(at) ? this.drivers.member(at) : undefined),
      openDevice: (member) => this.record(member.group.id).devices.get(member),
    });
  }

  // ------------------------------------------------------------------------------ what there is

  /** Functions that the IOMMU cannot tell apart, under a number. @throws RangeError when one is in a group already. */
  addGroup(id: number, functions: readonly HostFunction[]): void {
    const { iommu, defaultDomain } = this.options;
    if (functions.some(({ bdf }) => this.drivers.has(bdf)) || this.groups.has(id)) {
      throw new RangeError(`Group ${id} or a function of it is there already.`);
    }
    const group = new IommuGroup(id, functions, iommu, defaultDomain);
    this.groups.set(id, new GroupRecord(id, group));
    group.members.forEach((member) => {
      this.drivers.add(member);
    });
  }

  /** A device without a requester, in a group of its own whose number is returned. */
  addEmulated(device: EmulatedDevice): number {
    const id = this.freeNumber();
    const record = new GroupRecord(id, undefined, device);
    record.step('bind the first device');
    this.groups.set(id, record);
    return id;
  }

  /** @throws VfioError ENOENT no such group; EBUSY a user has the device open. */
  removeEmulated(id: number): void {
    const record = this.record(id);
    if (record.emulated === undefined) {
      throw new VfioError('ENOENT', `Group ${id} is not that of an emulated device.`);
    }
    this.lastDeviceGone(record);
    this.groups.delete(id);
  }

  /** A function that came later, in a group that is there. @throws RangeError when it has one already; VfioError ENOENT. */
  addFunction(id: number, one: HostFunction): void {
    const { group } = this.record(id);
    if (this.drivers.has(one.bdf) || group === undefined) {
      throw new RangeError(`${formatBdf(one.bdf)} cannot be added to group ${id}.`);
    }
    this.drivers.add(group.add(one));
  }

  /**
   * A function goes away. Its driver lets go first; a group without functions is gone, too.
   * @throws VfioError ENODEV; EBUSY while a user has the function open.
   */
  removeFunction(at: Bdf): void {
    const member = this.drivers.member(at);
    if (member.handles > 0) {
      throw new VfioError('EBUSY', `${member.name} cannot be removed, because a user has it open.`);
    }
    if (member.driver !== undefined) {
      this.unbind(at);
    }
    const { group } = member;
    group.remove(member);
    this.drivers.remove(at);
    if (group.members.length === 0) {
      this.groups.delete(group.id);
    }
  }

  /** Who has the function open; undefined: nobody. @throws VfioError ENODEV. */
  userOf(at: Bdf): string | undefined {
    const { handles, group } = this.drivers.member(at);
    return handles > 0 ? group.owner : undefined;
  }

  /** What the function is bound to. @throws VfioError ENODEV. */
  driverOf(at: Bdf): HostDriver | undefined {
    return this.drivers.member(at).driver;
  }

  /** /sys/bus/pci/devices/…/iommu_group. @throws VfioError ENODEV. */
  groupOf(at: Bdf): number {
    return this.drivers.member(at).group.id;
  }

  /** The lowest number that no group has, as the kernel's allocator gives. */
  freeNumber(): number {
    let id = 0;
    while (this.groups.has(id)) {
      id++;
    }
    return id;
  }

  /** Group numbers, with the functions and drivers of each. */
  list(): readonly IommuGroup[] {
    return [...this.groups.values()].flatMap(({ group }) => group ?? []);
  }

  /** Who has what, in the order of the groups' numbers. */
  ownership(): readonly GroupOwnership[] {
    const groups = this.list();
    return [...this.groups.values()]
      .map((record) => groupOwnership(record, groups))
      .sort((one, other) => one.id - other.id);
  }

  /** Who has a group. @throws VfioError ENOENT. */
  stateOf(id: number): GroupState {
    return this.record(id).state;
  }

  // ------------------------------------------------------------------------------ host drivers

  /** As `PciDrivers.setOverride`. */
  setDriverOverride(at: Bdf, driver: string | undefined): void {
    this.drivers.setOverride(at, driver);
  }

  /** As `PciDrivers.bind`; EBUSY also when a user has the group, EINVAL vfio-pci without an IOMMU or for a bridge. */
  bind(at: Bdf, name: string): void {
    this.drivers.bind(at, name);
  }

  /** As `PciDrivers.probe`. */
  probe(at: Bdf): void {
    this.drivers.probe(at);
  }

  /** As `PciDrivers.unbind`. Linux waits for a user who has the device open; here that is EBUSY. */
  unbind(at: Bdf): void {
    this.drivers.unbind(at);
  }

  /** As `PciDrivers.newId`. */
  newId(driver: string, id: PciId): void {
    this.drivers.newId(driver, id);
  }

  /** As `PciDrivers.removeId`. */
  removeId(driver: string, id: PciId): void {
    this.drivers.removeId(driver, id);
  }

  // ------------------------------------------------------------------------------ files

  /** Opens /dev/vfio/vfio. */
  openContainer(user: VfioUser): VfioContainer {
    return new VfioContainer({
      ...this.parts(user),
      entryLimit: this.options.entryLimit ?? DMA_ENTRY_LIMIT,
      disableHugepages: this.options.disableHugepages ?? false,
    });
  }

  /** Opens /dev/vfio/N. @throws VfioError ENOENT, EBUSY. */
  openGroup(id: number, user: VfioUser): VfioGroup {
    const record = this.record(id);
    record.step('open');
    record.user = user.name;
    record.handle = new VfioGroup(record, (member, onClose) =>
      this.openDevice(member, undefined, onClose),
    );
    return record.handle;
  }

  /** Opens /dev/iommu. */
  openIommufd(user: VfioUser): Iommufd {
    return new Iommufd(this.parts(user));
  }

  /** Opens /dev/vfio/devices/vfioN of a function. @throws VfioError ENODEV; ENOENT no VFIO driver has it. */
  openDeviceFile(at: Bdf): DeviceFile {
    const member = this.drivers.member(at);
    if (member.driver?.kind !== 'vfio') {
      throw new VfioError(
        'ENOENT',
        `${member.name} has no file, because it is bound to ${member.driver?.name ?? 'no driver'}.`,
      );
    }
    return new DeviceFile({
      member,
      record: this.record(member.group.id),
      openDevice: (context, onClose) => this.openDevice(member, context, onClose),
    });
  }

  private parts(user: VfioUser): {
    user: VfioUser;
    iommu: Iommu;
    charge: (cost: CostName, times: number) => void;
  } {
    const { iommu, charge } = this.options;
    return { user, iommu, charge: charge ?? (() => {}) };
  }

  private openDevice(
    member: GroupMember,
    context: Iommufd | undefined,
    onClose: () => void,
  ): VfioDevice {
    const host = this.options.interrupts(member.bdf);
    return new VfioDevice(member, host, this.hotReset.scopeOf(member, context), onClose);
  }

  // ------------------------------------------------------------------------------ what drivers do

  private probeBy(member: GroupMember, driver: HostDriver): void {
    const { group } = member;
    if (driver.probes?.(member.endpoint) === false) {
      throw new VfioError('ENODEV', `The probe of ${driver.name} does not take ${member.name}.`);
    }
    if (driver.kind === 'host' && group.owner !== undefined) {
      throw new VfioError(
        'EBUSY',
        `${member.name} cannot be bound to ${driver.name}, because ${group.owner} owns group ${group.id}.`,
      );
    }
    if (driver.kind !== 'vfio') {
      return;
    }
    if (!this.options.iommu.enabled) {
      throw new VfioError(
        'EINVAL',
        `${member.name} is in no IOMMU group, because the IOMMU is off.`,
      );
    }
    const header = member.endpoint.configRead(HEADER_TYPE.offset, HEADER_TYPE.width);
    if ((header & HEADER_TYPE.bits.LAYOUT.mask) !== 0) {
      throw new VfioError('EINVAL', `${member.name} is a bridge, and VFIO gives no bridge away.`);
    }
    if (group.vfioMembers === 0) {
      this.record(group.id).step('bind the first device');
    }
  }

  private removeBy(member: GroupMember, driver: HostDriver): void {
    if (driver.kind !== 'vfio') {
      return;
    }
    const record = this.record(member.group.id);
    record.devices.get(member)?.request();
    if (member.handles > 0 || member.files > 0) {
      const why = member.handles > 0 ? `${record.user} uses it` : 'its file is open';
      throw new VfioError('EBUSY', `${member.name} cannot be unbound, because ${why}.`);
    }
    if (member.group.vfioMembers === 1) {
      this.lastDeviceGone(record);
    }
  }

  /** Its file vanishes, whoever has it open. @throws VfioError EBUSY. */
  private lastDeviceGone(record: GroupRecord): void {
    record.step('unbind the last device');
    record.handle = undefined;
    record.leaveContainer();
  }

  private record(id: number): GroupRecord {
    const record = this.groups.get(id);
    if (record === undefined) {
      throw new VfioError('ENOENT', `There is no group ${id}.`);
    }
    return record;
  }
}
