/** Who has each device, as a drawing: groups, who holds them, and guests, from left to right. */
import type { Inspection } from '../machine/contract.ts';
import { bytes } from '../quantity.ts';
import { functionName } from './text.ts';

type Ownership = NonNullable<Inspection['ownership']>;
type Group = Ownership['groups'][number];
type Device = Ownership['devices'][number];

export interface Box {
  readonly id: string;
  readonly title: string;
  readonly lines: readonly string[];
  readonly kind: 'group' | 'kernel' | 'container' | 'guest';
  readonly x: number;
  readonly y: number;
  readonly height: number;
}

export interface Link {
  readonly from: Box;
  readonly to: Box;
  readonly label: string;
}

export interface OwnershipDrawing {
  readonly boxes: readonly Box[];
  readonly links: readonly Link[];
  readonly width: number;
  readonly height: number;
}

/** In pixels. */
export const BOX_WIDTH = 196;
export const LINE_HEIGHT = 17;
const COLUMN = BOX_WIDTH + 66;
const GAP = 12;

type Content = Omit<Box, 'x' | 'y' | 'height'>;

export function drawOwnership({ groups, devices }: Ownership): OwnershipDrawing {
  const guests = [...new Set(devices.map(({ guest }) => guest))];
  const columns = [
    groups.map(groupContent),
    [...kernelContent(groups, devices), ...groups.flatMap(containerContent)],
    guests.map((guest) => guestContent(guest, guests.length, devices)),
  ];
  const boxes = columns.flatMap((column, index) => stacked(column, index * COLUMN));
  const find = (id: string): Box[] => boxes.filter((box) => box.id === id);
  const link = (from: string, to: string, label: string): Link[] =>
    find(from).flatMap((a) => find(to).map((b) => ({ from: a, to: b, label })));
  return {
    boxes,
    links: [
      ...groups
        .filter(isHeld)
        .flatMap((group) => link(groupId(group), holderId(group), groupLabel(group))),
      ...guests.flatMap((guest) =>
        link(`user ${userName(guest, guests.length)}`, guestId(guest), 'VFIO'),
      ),
      ...devices
        .filter(({ backing }) => backing === 'backend')
        .flatMap(({ guest }) => link('kernel', guestId(guest), 'virtio')),
    ],
    width: 2 * COLUMN + BOX_WIDTH,
    height: Math.max(0, ...boxes.map(({ y, height }) => y + height)),
  };
}

function stacked(column: readonly Content[], x: number): readonly Box[] {
  let y = 0;
  return column.map((content) => {
    const height = (content.lines.length + 1) * LINE_HEIGHT + 12;
    const box = { ...content, x, y, height };
    y += height + GAP;
    return box;
  });
}

// ------------------------------------------------------------------------------ groups

const groupId = ({ id }: Group): string => `group ${id}`;

function groupContent(group: Group): Content {
  const { id, isViable, members, mediated } = group;
  return {
    ...{ id: groupId(group), kind: 'group' },
    title: `group ${id}${isViable ? '' : ', not viable'}`,
    lines: [
      ...members.map(({ bdf, driver, virtualOf }) =>
        [
          functionName(bdf),
          ...(virtualOf === undefined ? [] : [`VF ${virtualOf.index}`]),
          driver?.name ?? 'no driver',
        ].join(' '),
      ),
      ...(mediated === undefined
        ? []
        : [`mdev ${mediated.type} of ${functionName(mediated.parent)}`]),
    ],
  };
}

/** Whether anybody has it: the kernel has no use for what no driver is bound to. */
function isHeld(group: Group): boolean {
  return holderId(group) !== 'kernel' || group.members.some(({ driver }) => driver !== undefined);
}

function groupLabel({ state, members, mediated }: Group): string {
  const isVfio = mediated !== undefined || members.some(({ driver }) => driver?.kind === 'vfio');
  return isVfio ? state : 'driver';
}

// ------------------------------------------------------------------------------ who holds them

function holderId({ container, owner }: Group): string {
  return container === undefined && owner === undefined
    ? 'kernel'
    : `user ${container?.user ?? owner ?? ''}`;
}

function kernelContent(groups: readonly Group[], devices: readonly Device[]): Content[] {
  const drivers = new Set(
    groups
      .filter((group) => holderId(group) === 'kernel')
      .flatMap(({ members }) => members.flatMap(({ driver }) => driver?.name ?? [])),
  );
  const isBackend = devices.some(({ backing }) => backing === 'backend');
  return drivers.size === 0 && !isBackend
    ? []
    : [
        {
          ...{ id: 'kernel', kind: 'kernel', title: 'the host’s kernel' },
          lines: [
            ...[...drivers].map((name) => `driver ${name}`),
            ...(isBackend ? ['virtio backend'] : []),
          ],
        },
      ];
}

function containerContent(group: Group): Content[] {
  const { container } = group;
  if (container === undefined) {
    return holderId(group) === 'kernel'
      ? []
      : [
          {
            id: holderId(group),
            kind: 'container',
            title: group.owner ?? '',
            lines: ['no container'],
          },
        ];
  }
  const { user, iommu } = container;
  return [
    {
      ...{ id: `user ${user}`, kind: 'container', title: `container of ${user}` },
      lines:
        iommu === undefined
          ? ['no IOMMU set']
          : [
              `type1${iommu.version === 2 ? 'v2' : ''}, ${iommu.domain === undefined ? 'no domain' : `domain ${iommu.domain}`}`,
              `${iommu.mappings} mapped: ${bytes(iommu.mappedBytes)}`,
              `${iommu.pinnedPages} pages pinned`,
            ],
    },
  ];
}

// ------------------------------------------------------------------------------ guests

const guestId = (guest: number): string => `guest ${guest}`;

/** As the process is called that the guest is, to VFIO. */
function userName(guest: number, count: number): string {
  return count === 1 ? 'guest' : `guest${guest}`;
}

function guestContent(guest: number, count: number, devices: readonly Device[]): Content {
  return {
    ...{ id: guestId(guest), kind: 'guest', title: userName(guest, count) },
    lines: devices
      .filter((each) => each.guest === guest)
      .map(
        ({ bdf, kind, backing, isGone }) =>
          `${functionName(bdf)} ${kind}: ${isGone ? 'gone' : backing}`,
      ),
  };
}
