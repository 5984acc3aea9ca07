/** Access control services, as the kernel enables and asks for them (drivers/pci/pci.c). */
import {
  acsCapability,
  extendedCapabilityOffset,
  extendedIds,
  pciePortTypes,
  type PciEndpoint,
} from '@doorbell/abi';
import { portType } from './port-type.ts';

const { CAPABILITY, CONTROL } = acsCapability.rows;
const { SOURCE_VALIDATION, REQUEST_REDIRECT, COMPLETION_REDIRECT, UPSTREAM_FORWARDING } =
  CAPABILITY.bits;

/** REQ_ACS_FLAGS of drivers/iommu/iommu.c: with these, no request goes round the IOMMU. */
const ISOLATION =
  SOURCE_VALIDATION.mask |
  REQUEST_REDIRECT.mask |
  COMPLETION_REDIRECT.mask |
  UPSTREAM_FORWARDING.mask;

/** pci_enable_acs: all that isolation takes, as far as the function implements it. */
export function enableAcs(endpoint: PciEndpoint): void {
  const at = findAcs(endpoint);
  if (at !== 0) {
    const { offset, width } = CONTROL;
    const able = endpoint.configRead(at + CAPABILITY.offset, CAPABILITY.width) & ISOLATION;
    endpoint.configWrite(at + offset, width, endpoint.configRead(at + offset, width) | able);
  }
}

/** pci_acs_enabled: whether the function's requests to its peers are sure to go up. */
export function isIsolating(endpoint: PciEndpoint, isMultifunction: boolean): boolean {
  switch (portType(endpoint)) {
    case pciePortTypes.ROOT_PORT:
    case pciePortTypes.DOWNSTREAM_PORT:
      return flagsEnabled(endpoint);
    case pciePortTypes.ENDPOINT:
    case pciePortTypes.INTEGRATED_ENDPOINT:
    case pciePortTypes.UPSTREAM_PORT:
      // A device of one function has no peers inside (PCIe 6.0 §6.12.1.3).
      return !isMultifunction || flagsEnabled(endpoint);
    default:
      // On a shared bus anyone hears anyone: conventional PCI, and bridges to it.
      return false;
  }
}

/** pci_acs_flags_enabled: what the capability lacks counts as wired on. */
function flagsEnabled(endpoint: PciEndpoint): boolean {
  const at = findAcs(endpoint);
  if (at === 0) {
    return false;
  }
  const needed = endpoint.configRead(at + CAPABILITY.offset, CAPABILITY.width) & ISOLATION;
  return (endpoint.configRead(at + CONTROL.offset, CONTROL.width) & needed) === needed;
}

/** Conventional PCI has no extended configuration space. */
function findAcs(endpoint: PciEndpoint): number {
  return portType(endpoint) === undefined
    ? 0
    : extendedCapabilityOffset(
        (offset, width) => endpoint.configRead(offset, width),
        extendedIds.ACS,
      );
}
