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

export interface HostDriver {
  readonly name: string;
  /**
   * `host`: does DMA through the kernel's DMA API. `exempt`: does none of its own (pcieport,
   * pci-stub: driver_managed_dma). `vfio`: hands the function to a user.
   */
  readonly kind: 'host' | 'exempt' | 'vfio';
  /** Whether its table of ids has the function. vfio-pci's is empty: it needs driver_override. */
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

  constructor({ bdf, endpoint, virtualOf }: HostFunction, group: IommuGroup) {
    this.bdf = bdf;
    this.endpoint = endpoint;
    this.virtualOf = virtualOf;
    this.group = group;
  }

  get name(): string {
    return formatBdf(this.bdf);
  }

  /** pci_match_device: with driver_override, its name alone decides. */
  matches(driver: HostDriver): boolean {
    if (this.driverOverride !== undefined) {
      return this.driverOverride === driver.name;
    }
    if (this.virtualOf !== undefined) {
      return driver.matches(...vfIds(this.virtualOf));
    }
    const { VENDOR_ID, DEVICE_ID } = type0Header.rows;
    return driver.matches(
      this.endpoint.configRead(VENDOR_ID.offset, VENDOR_ID.width),
      this.endpoint.configRead(DEVICE_ID.offset, DEVICE_ID.width),
    );
  }
}

export class IommuGroup {
  readonly id: number;
  readonly members: readonly GroupMember[];
  /** The user that owns the group's DMA. */
  owner: string | undefined;
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
   * Takes the group from the kernel: from here on its functions can touch nothing.
   * @throws VfioError EPERM when a host driver uses it.
   */
  claim(owner: string): void {
    const { holder } = this;
    if (holder !== undefined) {
      throw new VfioError(
        'EPERM',
        `Group ${this.id} is not viable, because ${holder.name} is bound to the host driver ${holder.driver?.name}: ` +
          'please ensure all devices within the iommu_group are bound to their vfio bus driver.',
      );
    }
    this.owner = owner;
    this.detach();
  }

  /** Gives the group back to the kernel. */
  release(): void {
    this.detach();
    this.owner = undefined;
    this.attachDefault();
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
