/**
 * Which functions the IOMMU cannot tell apart: pci_device_group of drivers/iommu/iommu.c, as it
 * is from Linux 6.1 to 6.12. Functions come in the order in which the kernel finds them, bridges
 * before what is behind them; each joins a group that is there, or begins a new one.
 */
import type { Bdf, PciEndpoint } from '@doorbell/abi';
import { isIsolating } from './acs.ts';

/** What it takes to know. */
export interface GroupedTopology {
  functions(): readonly Bdf[];
  endpoint(at: Bdf): PciEndpoint;
  parentOf(at: Bdf): Bdf | undefined;
  functionsOfSlot(at: Bdf): readonly Bdf[];
  isMultifunction(at: Bdf): boolean;
}

/** The group of a function that has one. */
export type KnownGroup = (at: Bdf) => number | undefined;

/** The group that a function joins; undefined: it needs a new one. */
export function joinedGroup(
  topology: GroupedTopology,
  at: Bdf,
  known: KnownGroup,
): number | undefined {
  return groupAbove(topology, at, known) ?? groupOfSlot(topology, at, known);
}

/** All groups, by number. */
export function deriveGroups(topology: GroupedTopology): readonly (readonly Bdf[])[] {
  const groups: Bdf[][] = [];
  const numbers = new Map<Bdf, number>();
  for (const at of topology.functions()) {
    const number = joinedGroup(topology, at, (other) => numbers.get(other)) ?? groups.length;
    numbers.set(at, number);
    (groups[number] ??= []).push(at);
  }
  return groups;
}

/**
 * Upwards, as long as a port on the way to the root may turn requests round to a neighbour. Behind
 * a bridge to conventional PCI, requests come with the bridge's ID (pci_for_each_dma_alias), which
 * the kernel looks at first; as no such bridge isolates anything, this walk ends in the same group.
 */
function groupAbove(topology: GroupedTopology, at: Bdf, known: KnownGroup): number | undefined {
  for (let up = topology.parentOf(at); up !== undefined; up = topology.parentOf(up)) {
    if (isPathIsolating(topology, up)) {
      return undefined;
    }
    const group = known(up);
    if (group !== undefined) {
      return group;
    }
  }
  return undefined;
}

/** pci_acs_path_enabled, from a bridge to the root bus. */
function isPathIsolating(topology: GroupedTopology, from: Bdf): boolean {
  for (let up: Bdf | undefined = from; up !== undefined; up = topology.parentOf(up)) {
    if (!isIsolating(topology.endpoint(up), topology.isMultifunction(up))) {
      return false;
    }
  }
  return true;
}

/** Functions of one device that nothing keeps apart (get_pci_function_alias_group). */
function groupOfSlot(topology: GroupedTopology, at: Bdf, known: KnownGroup): number | undefined {
  const isolates = (one: Bdf): boolean =>
    isIsolating(topology.endpoint(one), topology.isMultifunction(one));
  if (!topology.isMultifunction(at) || isolates(at)) {
    return undefined;
  }
  for (const other of topology.functionsOfSlot(at)) {
    const group = other === at || isolates(other) ? undefined : known(other);
    if (group !== undefined) {
      return group;
    }
  }
  return undefined;
}
