/** What kind of port or endpoint a function is, by its PCI Express capability. */
import {
  capabilityIds,
  extract,
  pcieCapability,
  pciePortTypes,
  type PciEndpoint,
} from '@doorbell/abi';
import { findCapability } from './pci-function.ts';

const { CAPABILITIES } = pcieCapability.rows;

/** PORT_TYPE; undefined for a function of conventional PCI. */
export function portType(endpoint: PciEndpoint): number | undefined {
  const at = findCapability(endpoint, capabilityIds.PCIE);
  if (at === 0) {
    return undefined;
  }
  const value = endpoint.configRead(at + CAPABILITIES.offset, CAPABILITIES.width);
  return extract(CAPABILITIES.bits.PORT_TYPE, value);
}

/** A bridge from PCI Express to conventional PCI, where requester IDs end. */
export function isPciBridge(endpoint: PciEndpoint): boolean {
  return portType(endpoint) === pciePortTypes.PCI_BRIDGE;
}
