/**
 * The reset of a bus by the bridge above it (pci_reset_secondary_bus in drivers/pci/pci.c): all
 * functions behind that bridge are reset at once.
 */
import { type1Header } from '@doorbell/abi';
import type { PciTopology } from './pci-topology.ts';
import type { ResetBuses } from './reset-scope.ts';

const { BRIDGE_CONTROL } = type1Header.rows;
const { mask } = BRIDGE_CONTROL.bits.SECONDARY_BUS_RESET;

export function resetBuses(topology: () => PciTopology): ResetBuses {
  return {
    affected: (at) => {
      const bridge = topology().parentOf(at);
      return bridge === undefined ? undefined : topology().below(bridge);
    },
    reset: (at) => {
      const bridge = topology().parentOf(at);
      if (bridge !== undefined) {
        const endpoint = topology().endpoint(bridge);
        const { offset, width } = BRIDGE_CONTROL;
        const control = endpoint.configRead(offset, width);
        endpoint.configWrite(offset, width, control | mask);
        endpoint.configWrite(offset, width, control & ~mask);
      }
    },
  };
}
