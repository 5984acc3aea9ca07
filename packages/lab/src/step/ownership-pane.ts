/** Who has each device, as lines of text. */
import { formatBdf, PAGE_BYTES } from '@doorbell/abi';
import type { StackState } from '../stacks/stack.ts';
import { functionText } from './event-text.ts';
import {
  ownershipOf,
  type Backing,
  type ContainerState,
  type GroupOwnership,
  type GuestDevice,
  type MemberOwnership,
} from './inspect/ownership.ts';

const KIB = 1024;
const backings: Readonly<Record<Backing, string>> = {
  assigned: 'a function of the host, by VFIO',
  mediated: "a mediated device: the host's driver keeps the function",
  backend: 'a virtio device, which a backend of the host serves',
  emulated: 'a device model in software',
};

export function showOwnership(state: StackState): string[] {
  const { iommu, groups, devices } = ownershipOf(state);
  return [
    ...groups.flatMap(groupLines),
    ...(iommu ? [] : ['The IOMMU is off: there are no groups, and VFIO gives nothing away.']),
    ...devices.map(deviceLine),
    ...(devices.length === 0 ? ["There is no guest: processes use the host's drivers."] : []),
  ];
}

function groupLines({ id, owner, state, container, ...group }: GroupOwnership): string[] {
  const { mediated, members, isViable } = group;
  const who = owner === undefined ? "the kernel's" : `${owner}'s`;
  const file = state === 'absent' ? 'no file' : `/dev/vfio/${id} ${state}`;
  return [
    `group ${id}: ${who}, ${file}, ${isViable ? 'viable' : 'not viable'}`,
    ...members.map(memberLine),
    ...(mediated === undefined
      ? []
      : [
          `  mdev ${mediated.uuid}, ${mediated.type} of ${formatBdf(mediated.parent)}, ${handles(mediated.handles)}`,
        ]),
    ...(container === undefined ? [] : [containerLine(container)]),
  ];
}

function memberLine({ bdf, driver, driverOverride, ...member }: MemberOwnership): string {
  const { virtualOf } = member;
  const physical = virtualOf?.physical === undefined ? '' : ` of ${formatBdf(virtualOf.physical)}`;
  return [
    `  ${formatBdf(bdf)}${virtualOf === undefined ? '' : ` VF ${virtualOf.index}${physical}`}`,
    driver === undefined ? 'no driver' : `driver ${driver.name}`,
    ...(driverOverride === undefined ? [] : [`driver_override ${driverOverride}`]),
    ...(driver?.kind === 'vfio' ? [handles(member.handles)] : []),
  ].join(', ');
}

function handles(count: number): string {
  return count === 0 ? 'not open' : `open ${count === 1 ? 'once' : `${count} times`}`;
}

function containerLine({ user, iommu }: ContainerState): string {
  if (iommu === undefined) {
    return `  container of ${user}: no IOMMU set`;
  }
  const { version, domain, mappings, mappedBytes, pinnedPages } = iommu;
  return [
    `  container of ${user}: type1${version === 2 ? 'v2' : ''}`,
    domain === undefined ? 'no domain' : `domain ${domain}`,
    `${mappings} ${mappings === 1 ? 'mapping' : 'mappings'} of ${mappedBytes / KIB} KiB`,
    `${(pinnedPages * PAGE_BYTES) / KIB} KiB pinned`,
  ].join(', ');
}

function deviceLine({ guest, bdf, backing, isGone }: GuestDevice): string {
  return `${functionText(guest, bdf)}: ${isGone ? 'gone with its guest' : backings[backing]}`;
}
