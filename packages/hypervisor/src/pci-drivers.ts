/**
 * The driver core of the host's kernel, for PCI: which driver has which function
 * (drivers/base/bus.c, drivers/base/dd.c, drivers/pci/pci-driver.c).
 */
import { formatBdf, type Bdf } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { GroupMember, HostDriver, PciId } from './iommu-group.ts';

/** What a driver does besides: it may refuse a function, and it lets go of one. @throws VfioError */
export interface DriverActions {
  probe(member: GroupMember, driver: HostDriver): void;
  remove(member: GroupMember, driver: HostDriver): void;
}

export class PciDrivers {
  private readonly drivers: readonly HostDriver[];
  private readonly actions: DriverActions;
  private readonly members = new Map<Bdf, GroupMember>();
  /** What new_id has added to the drivers' tables. */
  private readonly dynamicIds = new Map<HostDriver, PciId[]>();

  constructor(drivers: readonly HostDriver[], actions: DriverActions) {
    this.drivers = drivers;
    this.actions = actions;
  }

  has(at: Bdf): boolean {
    return this.members.has(at);
  }

  add(member: GroupMember): void {
    this.members.set(member.bdf, member);
  }

  /** The function is gone. */
  remove(at: Bdf): void {
    this.members.delete(at);
  }

  /** @throws VfioError ENODEV. */
  member(at: Bdf): GroupMember {
    const member = this.members.get(at);
    if (member === undefined) {
      throw new VfioError('ENODEV', `There is no function ${formatBdf(at)} in a group.`);
    }
    return member;
  }

  /** /sys/bus/pci/drivers. */
  list(): readonly HostDriver[] {
    return this.drivers;
  }

  /** What new_id has added to a driver's table. @throws VfioError ENOENT. */
  idsOf(name: string): readonly PciId[] {
    return this.dynamicIds.get(this.driver(name)) ?? [];
  }

  /** …/driver_override: the only driver that may bind; undefined clears it. @throws VfioError ENODEV. */
  setOverride(at: Bdf, driver: string | undefined): void {
    this.member(at).driverOverride = driver;
  }

  /**
   * /sys/bus/pci/drivers/…/bind.
   * @throws VfioError ENOENT no such driver; ENODEV no such function, or the driver does not take
   * it; EBUSY bound already; and what its probe refuses.
   */
  bind(at: Bdf, name: string): void {
    const driver = this.driver(name);
    const member = this.member(at);
    if (!this.matches(member, driver)) {
      throw new VfioError(
        'ENODEV',
        `The driver ${name} does not take ${member.name}; driver_override would make it.`,
      );
    }
    if (member.driver !== undefined) {
      throw new VfioError('EBUSY', `${member.name} is bound to ${member.driver.name} already.`);
    }
    this.actions.probe(member, driver);
    member.driver = driver;
  }

  /** …/driver/unbind. @throws VfioError ENODEV not bound; EBUSY a user has the device open. */
  unbind(at: Bdf): void {
    const member = this.member(at);
    const { driver } = member;
    if (driver === undefined) {
      throw new VfioError('ENODEV', `${member.name} is not bound to a driver.`);
    }
    this.actions.remove(member, driver);
    member.driver = undefined;
  }

  /**
   * /sys/bus/pci/drivers_probe: binds the first driver that takes the function and whose probe
   * does not refuse it. That there is none is no error. @throws VfioError ENODEV.
   */
  probe(at: Bdf): void {
    const member = this.member(at);
    for (const driver of this.drivers) {
      this.tryBind(member, driver);
    }
  }

  /**
   * …/new_id: the driver takes such functions from now on, and those at once that have none.
   * @throws VfioError ENOENT no such driver; EEXIST it takes them already; EINVAL not an id.
   */
  newId(name: string, id: PciId): void {
    const driver = this.driver(name);
    if (![id.vendor, id.device].every((part) => Number.isInteger(part) && part >= 0)) {
      throw new VfioError('EINVAL', 'An id is a vendor and a device.');
    }
    const ids = this.dynamicIds.get(driver) ?? [];
    if (driver.matches(id.vendor, id.device, 0) || ids.some((each) => isSame(each, id))) {
      throw new VfioError('EEXIST', `The driver ${name} has ${idText(id)} already.`);
    }
    this.dynamicIds.set(driver, [...ids, id]);
    for (const member of this.members.values()) {
      this.tryBind(member, driver);
    }
  }

  /** …/remove_id: what is bound stays bound. @throws VfioError ENOENT no such driver; ENODEV it was not added. */
  removeId(name: string, id: PciId): void {
    const driver = this.driver(name);
    const ids = this.dynamicIds.get(driver) ?? [];
    const left = ids.filter((each) => !isSame(each, id));
    if (left.length === ids.length) {
      throw new VfioError('ENODEV', `${idText(id)} was not added to ${name}.`);
    }
    this.dynamicIds.set(driver, left);
  }

  /** A probe that refuses is no error here, as in __driver_attach. */
  private tryBind(member: GroupMember, driver: HostDriver): void {
    if (member.driver !== undefined || !this.matches(member, driver)) {
      return;
    }
    try {
      this.actions.probe(member, driver);
      member.driver = driver;
    } catch (error) {
      if (!(error instanceof VfioError)) {
        throw error;
      }
    }
  }

  private matches(member: GroupMember, driver: HostDriver): boolean {
    return member.matches(driver, this.dynamicIds.get(driver) ?? []);
  }

  private driver(name: string): HostDriver {
    const driver = this.drivers.find((each) => each.name === name);
    if (driver === undefined) {
      throw new VfioError('ENOENT', `There is no driver '${name}'.`);
    }
    return driver;
  }
}

function isSame(one: PciId, other: PciId): boolean {
  return one.vendor === other.vendor && one.device === other.device;
}

function idText({ vendor, device }: PciId): string {
  return [vendor, device].map((part) => part.toString(16).padStart(4, '0')).join(':');
}
