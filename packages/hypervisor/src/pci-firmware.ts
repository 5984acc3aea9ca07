/**
 * What firmware does before any operating system runs: it walks the buses depth first, numbers
 * them, gives each BAR an address and each bridge its windows (PCI Local Bus 3.0 §6.2.5.1,
 * PCI-to-PCI Bridge Architecture 1.2 §12). It knows of a function what configuration space says.
 */
import { formatBdf, type PciEndpoint, type RegisterRow, type1Header } from '@doorbell/abi';
import { BarPlacement } from './bar-placement.ts';
import { setWindows } from './bridge-window.ts';
import type { PciBus } from './pci-bus.ts';
import type { PciNode, PciTopology } from './pci-topology.ts';

const { PRIMARY_BUS, SECONDARY_BUS, SUBORDINATE_BUS, COMMAND } = type1Header.rows;
const LAST_BUS = 0xff;
const FUNCTION_MASK = 7;

/** Numbers all buses, and so the functions on them. @throws RangeError when one cannot be found. */
export function numberBuses(topology: PciTopology): void {
  let used = 0;
  const scan = (nodes: readonly PciNode[], bus: number): void => {
    for (const node of nodes) {
      topology.number(node, bus, isFoundAmongSeveral(node, nodes));
    }
    for (const node of nodes.filter(({ isBridge }) => isBridge)) {
      if (used === LAST_BUS) {
        throw new RangeError('There are more than 256 buses.');
      }
      node.secondary = ++used;
      write(node.endpoint, PRIMARY_BUS, bus);
      write(node.endpoint, SECONDARY_BUS, node.secondary);
      // Open to the end, until it is known how many buses are behind it.
      write(node.endpoint, SUBORDINATE_BUS, LAST_BUS);
      scan(node.children, node.secondary);
      node.subordinate = used;
      write(node.endpoint, SUBORDINATE_BUS, used);
    }
  };
  scan(topology.roots, 0);
}

/** Functions 1 to 7 are looked for only where function 0 says that there are more. */
function isFoundAmongSeveral(node: PciNode, onBus: readonly PciNode[]): boolean {
  if ((node.slot & FUNCTION_MASK) === 0) {
    return node.saysMultifunction;
  }
  const first = onBus.find(({ slot }) => slot === (node.slot & ~FUNCTION_MASK));
  if (first?.saysMultifunction !== true) {
    throw new RangeError(
      `Function ${formatBdf(node.slot).slice('00:'.length)} is not found, because no function 0 says that its device has more.`,
    );
  }
  return true;
}

/** Places all BARs, opens the windows that hold them, and lets bridges pass requests both ways. */
export function assignAddresses(topology: PciTopology, bus: PciBus): void {
  const placement = new BarPlacement();
  const assign = (nodes: readonly PciNode[]): void => {
    for (const node of nodes) {
      bus.placeBars(node.bdf, placement);
      if (node.isBridge) {
        const { memory, prefetch } = placement.behindBridge(() => {
          assign(node.children);
        });
        setWindows(node.endpoint, memory, prefetch);
        write(node.endpoint, COMMAND, COMMAND.bits.MEMORY.mask | COMMAND.bits.BUS_MASTER.mask);
      }
    }
  };
  assign(topology.roots);
}

function write(endpoint: PciEndpoint, row: RegisterRow, value: number): void {
  endpoint.configWrite(row.offset, row.width, value);
}
