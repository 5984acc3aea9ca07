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
import type { VfioUser } from './user-pages.ts';
import { VfioContainer } from './vfio-container.ts';
import type { EmulatedDevice } from './vfio-emulated.ts';
import { GroupRecord, VfioGroup } from './vfio-group.ts';

/** Its default in Linux. */
const DMA_ENTRY_LIMIT = 65535;

export interface VfioOptions {
  readonly iommu: Iommu;
  /** Of the host: where messages of assigned functions go. */
  readonly interrupts: HostIrq;
  readonly drivers: readonly HostDriver[];
  readonly defaultDomain: DefaultDomain;
  /** dma_entry_limit, the module's parameter: how many mappings a container may have. */
  readonly entryLimit?: number;
  /** Spends CPU time: `times` operations of that price. */
  readonly charge?: (cost: CostName, times: number) => void;
}

export type { HostDriver } from './iommu-group.ts';
export type { VfioUser } from './user-pages.ts';
export type { VfioContainer } from './vfio-container.ts';
export type { VfioDevice } from './vfio-device.ts';
export type { EmulatedDevice, EmulatedHandle } from './vfio-emulated.ts';
export type { VfioGroup } from './vfio-group.ts';

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
    this.groups.set(id, new GroupRecord(id, group));
    group.members.forEach((member) => this.members.set(member.bdf, member));
  }

  /** Group numbers, with the functions and drivers of each. */
  list(): readonly IommuGroup[] {
    return [...this.groups.values()].flatMap(({ group }) => group ?? []);
  }

  /** A device without a requester, in a group of its own whose number is returned. */
  addEmulated(device: EmulatedDevice): number {
    let id = 0;
    while (this.groups.has(id)) {
      id++;
    }
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
      this.lastDeviceGone(record);
    }
    member.driver = undefined;
  }

  /** Opens /dev/vfio/vfio. */
  openContainer(user: VfioUser): VfioContainer {
    const { iommu, charge, entryLimit } = this.options;
    return new VfioContainer({
      user,
      iommu,
      charge: charge ?? (() => {}),
      entryLimit: entryLimit ?? DMA_ENTRY_LIMIT,
    });
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

  private member(at: Bdf): GroupMember {
    const member = this.members.get(at);
    if (member === undefined) {
      throw new VfioError('ENODEV', `There is no function ${formatBdf(at)} in a group.`);
    }
    return member;
  }
}
