/** All accesses that a guest could try on a GPU, and what becomes of each in its stack. */
import {
  type AccessWidth,
  acsCapability,
  bellBars,
  bellRegisters,
  capabilityIds,
  capabilityOffset,
  channelRegisters,
  channelWindow,
  extendedCapabilityOffset,
  extendedIds,
  extract,
  msixCapability,
  msixEntry,
  PAGE_BYTES,
  pcieCapability,
  pmCapability,
  ringPackets,
  serialCapability,
  sriovCapability,
  type0Header,
  virtioCommonConfig,
  virtioIsr,
  virtioPciLayout,
} from '@doorbell/abi';
import { type Access, answered, type Place, type RegisterList, rowAccesses } from './access.ts';
import { bellGroups, type RegisterGroup } from './bell-groups.ts';
import type { GuestReach, Spot } from './reach.ts';

const { PAGE_ROOT } = channelRegisters.rows;
const { VRAM_PAGES } = bellRegisters.rows;
const { TABLE } = msixCapability.rows;

/** Maps of configuration space, by what leads to them. */
const plain: readonly (readonly [string, RegisterList, number])[] = [
  ['pm', pmCapability, capabilityIds.PM],
  ['msi-x', msixCapability, capabilityIds.MSIX],
  ['pcie', pcieCapability, capabilityIds.PCIE],
];
const extended: readonly (readonly [string, RegisterList, number])[] = [
  ['serial', serialCapability, extendedIds.SERIAL],
  ['acs', acsCapability, extendedIds.ACS],
  ['sr-iov', sriovCapability, extendedIds.SRIOV],
];

/** @param leaky  the part has the leaky register. */
export function inventory(guest: GuestReach, leaky: boolean): readonly Access[] {
  const groups = bellGroups.filter(({ only }) => only !== 'leaky-register' || leaky);
  const bell = groups.flatMap((group) => registersOf(guest, group));
  return [
    ...bell,
    ...(guest.hasBell ? [] : virtioRegisters(guest)),
    ...vectorTable(guest),
    ...pageTables(guest),
    ...vram(guest),
    registerPacket(bell),
    ...configuration(guest),
  ];
}

function inBar(spot: Spot | undefined, otherwise: { bar: number; offset: number }): Place {
  const { bar, offset } = spot ?? otherwise;
  return { space: 'bar', bar, offset };
}

// ---------------------------------------------------------------------------------- bell

function registersOf(guest: GuestReach, group: RegisterGroup): readonly Access[] {
  return rowAccesses(group.map).map(({ register, row, access, sensitive }) => {
    const isTiming = group.timing?.includes(register) ?? false;
    const scope = isTiming ? 'part' : group.scope;
    const { stride } = group;
    const spot = guest.register(group, row.offset);
    return {
      name: `${group.map.name}.${register}`,
      ...inBar(spot, { bar: group.bar, offset: group.base + row.offset }),
      ...{ access, sensitive },
      ...answered(guest.reach(spot), spot === undefined ? null : guest.owner(spot, scope, stride)),
      ...(isTiming ? { timing: true } : {}),
    };
  });
}

/** An entry of the directory that the guest's first channel has: the way to all its page tables. */
function pageTables(guest: GuestReach): readonly Access[] {
  const at = { bar: bellBars.VRAM.index, offset: 0 };
  const directory = guest.hasBell ? directoryOf(guest) : 0;
  const spot = guest.hasBell ? guest.at(at.bar, directory) : undefined;
  const common = {
    ...{ name: 'page table entry', ...inBar(spot, at) },
    ...answered(guest.reach(spot), spot === undefined ? null : guest.tableOwner(spot)),
  };
  return [
    { ...common, access: 'read', sensitive: 'behaviour' },
    { ...common, access: 'write', sensitive: 'control' },
  ];
}

/** VRAM that is no page table is memory, of which each page is somebody's: innocuous, as RAM is. */
function vram(guest: GuestReach): readonly Access[] {
  const at = { bar: bellBars.VRAM.index, offset: 0 };
  const middle = guest.hasBell ? (registerOf(guest, VRAM_PAGES.offset) >>> 1) * PAGE_BYTES : 0;
  const spot = guest.hasBell ? guest.at(at.bar, middle) : undefined;
  const common = {
    ...{ name: 'VRAM', ...inBar(spot, at), sensitive: null },
    ...answered(guest.reach(spot), spot === undefined ? null : guest.tableOwner(spot)),
  };
  return [
    { ...common, access: 'read' },
    { ...common, access: 'write' },
  ];
}

function directoryOf(guest: GuestReach): number {
  const root = registerOf(guest, channelWindow.base + PAGE_ROOT.offset);
  return extract(PAGE_ROOT.bits.PAGE, root) * PAGE_BYTES;
}

function registerOf({ endpoint }: GuestReach, offset: number): number {
  return endpoint.barRead(bellBars.REGISTERS.index, offset, 4);
}

/**
 * A REGISTER packet writes a register of the channel's function, if the channel is privileged. Packets
 * never trap one by one: who rings an unwatched doorbell has them run as they are, and whether one is
 * privileged is for whoever writes the channel's CONTROL.
 */
function registerPacket(bell: readonly Access[]): Access {
  const written = (name: string): Access =>
    bell.find((one) => one.name === name && one.access === 'write')!;
  const doorbell = written('doorbell.TAIL');
  const control = written('channel.CONTROL');
  const register = written('bell.CONTROL');
  const isRefused = doorbell.reach === 'direct' && control.reach !== 'direct';
  return {
    ...{ name: 'packet REGISTER', access: 'write', sensitive: 'control' },
    ...{ space: 'ring', bar: null, offset: ringPackets.REGISTER.opcode },
    // A channel that is not privileged faults: the hardware tells its owner.
    ...answered(isRefused ? 'traps' : doorbell.reach, isRefused ? 'channel' : register.because),
  };
}

// ---------------------------------------------------------------------------------- the rest

/** A paravirtual device's own registers: nobody else's, whatever the guest does to them. */
function virtioRegisters(guest: GuestReach): readonly Access[] {
  const { BAR, COMMON, ISR, NOTIFY } = virtioPciLayout;
  const rows = [
    ...placed('virtio', virtioCommonConfig, COMMON),
    ...placed('virtio', virtioIsr, ISR),
    { name: 'virtio.NOTIFY', access: 'write' as const, sensitive: null, offset: NOTIFY },
  ];
  return rows.map(({ offset, ...row }) => {
    const spot = guest.at(BAR, offset);
    return {
      ...row,
      ...inBar(spot, { bar: BAR, offset }),
      ...answered(guest.reach(spot), 'software'),
    };
  });
}

/** The first entry of the MSI-X table. */
function vectorTable(guest: GuestReach): readonly Access[] {
  const read = reader(guest);
  const capability = capabilityOffset(read, capabilityIds.MSIX);
  const table = read(capability + TABLE.offset, TABLE.width);
  const bar = extract(TABLE.bits.BIR, table);
  return placed('vector', msixEntry, table - bar).map(({ offset, ...row }) => {
    const spot = guest.at(bar, offset);
    const owner = spot === undefined ? null : guest.owner(spot, 'function', msixEntry.size);
    return { ...row, ...inBar(spot, { bar, offset }), ...answered(guest.reach(spot), owner) };
  });
}

function configuration(guest: GuestReach): readonly Access[] {
  const read = reader(guest);
  const found: (readonly [string, RegisterList, number])[] = [
    ['config', type0Header, 0],
    ...plain.map(([name, map, id]) => [name, map, capabilityOffset(read, id)] as const),
    ...extended.map(([name, map, id]) => [name, map, extendedCapabilityOffset(read, id)] as const),
  ];
  return found.flatMap(([name, map, base]) => {
    const isThere = base !== 0 || map === type0Header;
    return placed(name, map, base).map((row) => ({
      ...{ ...row, space: 'config', bar: null },
      ...answered(isThere ? guest.config : 'absent', 'software'),
    }));
  });
}

function reader({ endpoint }: GuestReach): (offset: number, width: AccessWidth) => number {
  return (offset, width) => endpoint.configRead(offset, width);
}

type PlacedAccess = Pick<Access, 'name' | 'access' | 'sensitive' | 'offset'>;

function placed(group: string, map: RegisterList, base: number): readonly PlacedAccess[] {
  return rowAccesses(map).map(({ register, row, access, sensitive }) => ({
    ...{ name: `${group}.${register}`, access, sensitive },
    offset: base + row.offset,
  }));
}
