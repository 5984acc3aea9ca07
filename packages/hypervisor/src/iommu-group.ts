/**
 * PCI functions, the host drivers that they are bound to, and the IOMMU groups that they are in:
 * the functions that the hardware cannot tell apart, and so the smallest thing that a user can
 * be given. A group's DMA belongs either to the kernel's drivers or to one user, never to both
 * (iommu_group_claim_dma_owner in drivers/iommu/iommu.c).
 */
import {
  formatBdf,
  type Bdf,
  type PciEndpoint,
  type RegisterRow,
  type0Header,
} from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { Domain, Iommu } from './iommu.ts';
import { vfIds, type VirtualFunctionOf } from './virtual-function.ts';

const { VENDOR_ID, DEVICE_ID, BASE_CLASS, SUBCLASS, PROG_IF } = type0Header.rows;

/** What a driver's table of ids, or new_id, names functions by. */
export interface PciId {
  readonly vendor: number;
  readonly device: number;
}

export interface HostDriver {
  readonly name: string;
  /**
   * `host`: does DMA through the kernel's DMA API. `exempt`: does none of its own (pcieport,
   * pci-stub: driver_managed_dma). `vfio`: hands the function to a user.
   */
  readonly kind: 'host' | 'exempt' | 'vfio';
  /**
   * Whether its table of ids has the function; `classCode` is base class, sub-class, interface.
   * vfio-pci's is empty: it needs driver_override or new_id.
   */
  matches(vendor: number, device: number, classCode: number): boolean;
  /** Whether its probe takes a function that its table has. Absent: it does. */
  readonly probes?: (endpoint: PciEndpoint) => boolean;
}

export interface HostFunction {
  readonly bdf: Bdf;
  readonly endpoint: PciEndpoint;
  /** The IDs that its requests may come with. Absent: its own. */
  readonly requesters?: readonly Bdf[];
  /** Of a virtual function: whose it is. */
  readonly virtualOf?: VirtualFunctionOf | undefined;
}

/** What a function is attached to while the kernel owns it; undefined: nothing, so all its DMA is refused. */
export type DefaultDomain = (requester: Bdf) => Domain | undefined;

export class GroupMember implements HostFunction {
  readonly bdf: Bdf;
  readonly endpoint: PciEndpoint;
  readonly requesters: readonly Bdf[];
  readonly virtualOf: VirtualFunctionOf | undefined;
  readonly group: IommuGroup;
  driver: HostDriver | undefined;
  /** The only driver that may bind; undefined: any that matches. */
  driverOverride: string | undefined;
  /** Device handles that are open. */
  handles = 0;
  /** Handles of its own file, bound or not. */
  files = 0;

  constructor({ bdf, endpoint, requesters, virtualOf }: HostFunction, group: IommuGroup) {
    this.bdf = bdf;
    this.endpoint = endpoint;
    this.requesters = requesters ?? [bdf];
    this.virtualOf = virtualOf;
    this.group = group;
  }

  get name(): string {
    return formatBdf(this.bdf);
  }

  /** pci_match_device: with driver_override, its name alone decides; otherwise the driver's table, or `ids` besides. */
  matches(driver: HostDriver, ids: readonly PciId[]): boolean {
    if (this.driverOverride !== undefined) {
      return this.driverOverride === driver.name;
    }
    const { endpoint, virtualOf } = this;
    const [vendor, device] =
      virtualOf === undefined
        ? [read(endpoint, VENDOR_ID), read(endpoint, DEVICE_ID)]
        : vfIds(virtualOf);
    const classCode = (read(endpoint, BASE_CLASS) << 16) | (read(endpoint, SUBCLASS) << 8);
    return (
      driver.matches(vendor, device, classCode | read(endpoint, PROG_IF)) ||
      ids.some((id) => id.vendor === vendor && id.device === device)
    );
  }
}

export class IommuGroup {
  readonly id: number;
  /** The user that owns the group's DMA. */
  owner: string | undefined;
  private key: object | undefined;
  private claims = 0;
  private readonly iommu: Iommu;
  private readonly defaultDomain: DefaultDomain;
  private list: readonly GroupMember[];
  /** Of the owner; undefined: its functions can touch nothing. */
  private domain: Domain | undefined;

  constructor(
    id: number,
    functions: readonly HostFunction[],
    iommu: Iommu,
    defaultDomain: DefaultDomain,
  ) {
    this.id = id;
    this.iommu = iommu;
    this.defaultDomain = defaultDomain;
    this.list = functions.map((one) => new GroupMember(one, this));
    this.attachDefault();
  }

  get members(): readonly GroupMember[] {
    return this.list;
  }

  /** A function that came later reaches what the others do (iommu_group_add_device). */
  add(one: HostFunction): GroupMember {
    const member = new GroupMember(one, this);
    const known = this.requesters();
    this.list = [...this.list, member];
    for (const requester of member.requesters.filter((each) => !known.has(each))) {
      this.attachOne(requester);
    }
    return member;
  }

  /** A function that is gone reaches nothing. */
  remove(member: GroupMember): void {
    this.list = this.list.filter((other) => other !== member);
    const left = this.requesters();
    for (const requester of member.requesters.filter((each) => !left.has(each))) {
      this.iommu.detach(requester);
    }
  }

  /** Functions may share one: a PCIe-to-PCI bridge asks for all behind it. */
  private requesters(): ReadonlySet<Bdf> {
    return new Set(this.list.flatMap(({ requesters }) => requesters));
  }

  /** The member that keeps the group with the kernel, if any: one that a host driver does DMA with. */
  get holder(): GroupMember | undefined {
    return this.members.find(({ driver }) => driver?.kind === 'host');
  }

  /** Whether a user may have it. */
  get isViable(): boolean {
    return this.holder === undefined;
  }

  /** Members that a VFIO driver has. */
  get vfioMembers(): number {
    return this.members.filter(({ driver }) => driver?.kind === 'vfio').length;
  }

  /**
   * iommu_device_claim_dma_owner: takes the group from the kernel for `key`, whose name is
   * `owner`: from here on its functions can touch nothing. Whoever has the key may claim again.
   * @throws VfioError EPERM when a host driver uses it, or another owns it.
   */
  claim(key: object, owner: string): void {
    const { holder } = this;
    if (holder !== undefined) {
      throw new VfioError(
        'EPERM',
        `Group ${this.id} is not viable, because ${holder.name} is bound to the host driver ${holder.driver?.name}: ` +
          'please ensure all devices within the iommu_group are bound to their vfio bus driver.',
      );
    }
    if (this.claims > 0 && this.key !== key) {
      throw new VfioError('EPERM', `Group ${this.id} is owned by ${this.owner} already.`);
    }
    this.key = key;
    this.owner = owner;
    this.claims++;
    if (this.claims === 1) {
      this.detach();
    }
  }

  /** Gives one claim back; with the last, the group is the kernel's again. */
  release(): void {
    this.claims--;
    if (this.claims === 0) {
      this.detach();
      this.key = undefined;
      this.owner = undefined;
      this.attachDefault();
    }
  }

  attach(domain: Domain): void {
    this.detach();
    this.domain = domain;
    for (const requester of this.requesters()) {
      this.iommu.attach(requester, domain);
    }
  }

  detach(): void {
    this.domain = undefined;
    for (const requester of this.requesters()) {
      this.iommu.detach(requester);
    }
  }

  private attachDefault(): void {
    for (const requester of this.requesters()) {
      this.attachOne(requester);
    }
  }

  private attachOne(requester: Bdf): void {
    const domain = this.owner === undefined ? this.defaultDomain(requester) : this.domain;
    if (domain !== undefined) {
      this.iommu.attach(requester, domain);
    }
  }
}

function read(endpoint: PciEndpoint, row: RegisterRow): number {
  return endpoint.configRead(row.offset, row.width);
}
