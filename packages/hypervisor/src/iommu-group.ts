/**
 * PCI functions, the host drivers that they are bound to, and the IOMMU groups that they are in:
 * the functions that the hardware cannot tell apart, and so the smallest thing that a user can
 * be given. A group's DMA belongs either to the kernel's drivers or to one user, never to both
 * (iommu_group_claim_dma_owner in drivers/iommu/iommu.c).
 */
import { formatBdf, type Bdf, type PciEndpoint, type0Header } from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { Domain, Iommu } from './iommu.ts';
import { vfIds, type VirtualFunctionOf } from './virtual-function.ts';

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
  /** Whether its table of ids has the function. vfio-pci's is empty: it needs driver_override or new_id. */
  matches(vendor: number, device: number): boolean;
}

export interface HostFunction {
  readonly bdf: Bdf;
  readonly endpoint: PciEndpoint;
  /** Of a virtual function: whose it is. */
  readonly virtualOf?: VirtualFunctionOf | undefined;
}

/** What a function is attached to while the kernel owns it; undefined: nothing, so all its DMA is refused. */
export type DefaultDomain = (requester: Bdf) => Domain | undefined;

export class GroupMember implements HostFunction {
  readonly bdf: Bdf;
  readonly endpoint: PciEndpoint;
  readonly virtualOf: VirtualFunctionOf | undefined;
  readonly group: IommuGroup;
  driver: HostDriver | undefined;
  /** The only driver that may bind; undefined: any that matches. */
  driverOverride: string | undefined;
  /** Device handles that are open. */
  handles = 0;
  /** Handles of its own file, bound or not. */
  files = 0;

  constructor({ bdf, endpoint, virtualOf }: HostFunction, group: IommuGroup) {
    this.bdf = bdf;
    this.endpoint = endpoint;
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
    if (this.virtualOf !== undefined) {
      return driver.matches(...vfIds(this.virtualOf));
    }
    const { VENDOR_ID, DEVICE_ID } = type0Header.rows;
    const vendor = this.endpoint.configRead(VENDOR_ID.offset, VENDOR_ID.width);
    const device = this.endpoint.configRead(DEVICE_ID.offset, DEVICE_ID.width);
    return (
      driver.matches(vendor, device) ||
      ids.some((id) => id.vendor === vendor && id.device === device)
    );
  }
}

export class IommuGroup {
  readonly id: number;
  readonly members: readonly GroupMember[];
  /** The user that owns the group's DMA. */
  owner: string | undefined;
  private key: object | undefined;
  private claims = 0;
  private readonly iommu: Iommu;
  private readonly defaultDomain: DefaultDomain;

  constructor(
    id: number,
    functions: readonly HostFunction[],
    iommu: Iommu,
    defaultDomain: DefaultDomain,
  ) {
    this.id = id;
    this.iommu = iommu;
    this.defaultDomain = defaultDomain;
    this.members = functions.map((one) => new GroupMember(one, this));
    this.attachDefault();
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
    for (const { bdf } of this.members) {
      this.iommu.attach(bdf, domain);
    }
  }

  detach(): void {
    for (const { bdf } of this.members) {
      this.iommu.detach(bdf);
    }
  }

  private attachDefault(): void {
    for (const { bdf } of this.members) {
      const domain = this.defaultDomain(bdf);
      if (domain !== undefined) {
        this.iommu.attach(bdf, domain);
      }
    }
  }
}
