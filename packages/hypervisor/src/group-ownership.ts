/** Who has the functions of an IOMMU group, and by which files: what sysfs and /proc would say, as plain data. */
import type { Bdf } from '@doorbell/abi';
import type { GroupMember, HostDriver, IommuGroup } from './iommu-group.ts';
import type { Mediated } from './vfio-emulated.ts';
import type { ContainerState } from './vfio-container.ts';
import type { GroupRecord } from './vfio-group.ts';
import type { GroupState } from './vfio-ownership.ts';

export interface MemberOwnership {
  readonly bdf: Bdf;
  /** What it is bound to; undefined: no driver. */
  readonly driver: { readonly name: string; readonly kind: HostDriver['kind'] } | undefined;
  readonly driverOverride: string | undefined;
  /** Handles of the device that are open. */
  readonly handles: number;
  /** Of a virtual function: its physical one, if that is in a group, and its number from 1 on. */
  readonly virtualOf: { readonly physical: Bdf | undefined; readonly index: number } | undefined;
}

export interface GroupOwnership {
  readonly id: number;
  readonly state: GroupState;
  /** Whether a user may have it: no member is bound to a driver of the host that does DMA. */
  readonly isViable: boolean;
  /** Who has its DMA; undefined: the kernel. */
  readonly owner: string | undefined;
  /** Undefined: it is in none. */
  readonly container: ContainerState | undefined;
  /** None of a mediated device's. */
  readonly members: readonly MemberOwnership[];
  /** The mediated device whose group it is, and its handles that are open. */
  readonly mediated: (Mediated & { readonly uuid: string; readonly handles: number }) | undefined;
}

/** @param groups  of all functions. */
export function groupOwnership(record: GroupRecord, groups: readonly IommuGroup[]): GroupOwnership {
  const { id, state, group, emulated, container, emulatedHandles: handles } = record;
  const isOpen = record.devices.size > 0 || handles > 0 || record.handle !== undefined;
  return {
    ...{ id, state, isViable: group?.isViable ?? true },
    owner: group?.owner ?? (isOpen ? record.user : undefined),
    container: container?.describe(),
    members: group?.members.map((member) => memberOwnership(member, groups)) ?? [],
    mediated: emulated?.mediated && { ...emulated.mediated, uuid: emulated.name, handles },
  };
}

function memberOwnership(
  { bdf, driver, driverOverride, handles, virtualOf }: GroupMember,
  groups: readonly IommuGroup[],
): MemberOwnership {
  const physical = groups
    .flatMap(({ members }) => members)
    .find(({ endpoint }) => endpoint === virtualOf?.physical);
  return {
    ...{ bdf, driverOverride, handles },
    driver: driver && { name: driver.name, kind: driver.kind },
    virtualOf: virtualOf && { physical: physical?.bdf, index: virtualOf.index },
  };
}
