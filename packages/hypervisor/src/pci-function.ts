/** What configuration space says of a function: its capabilities, and how large its BARs are. */
import {
  BAR_COUNT,
  barOffset,
  capabilityOffset,
  decodeBar,
  extract,
  type BarShape,
  type PciEndpoint,
  type0Header,
} from '@doorbell/abi';

const { COMMAND, HEADER_TYPE } = type0Header.rows;

/** Where the capability with this id begins; 0 when the function lacks it. */
export function findCapability(endpoint: PciEndpoint, id: number): number {
  return capabilityOffset((offset, width) => endpoint.configRead(offset, width), id);
}

/** Registers of a type 1 header that are BARs. */
const BRIDGE_BARS = 2;

/** BARs by index, without those that are not there. They keep their addresses (PCI 3.0 §6.2.5.1). */
export function barShapes(endpoint: PciEndpoint): ReadonlyMap<number, BarShape> {
  const shapes = new Map<number, BarShape>();
  const command = endpoint.configRead(COMMAND.offset, COMMAND.width);
  // All ones in a BAR are an address, too: it must not be decoded meanwhile.
  endpoint.configWrite(COMMAND.offset, COMMAND.width, command & ~COMMAND.bits.MEMORY.mask);
  const layout = extract(
    HEADER_TYPE.bits.LAYOUT,
    endpoint.configRead(HEADER_TYPE.offset, HEADER_TYPE.width),
  );
  const count = layout === 0 ? BAR_COUNT : BRIDGE_BARS;
  for (let bar = 0; bar < count; bar++) {
    const high = bar + 1 < count ? probe(endpoint, bar + 1) : 0;
    const shape = decodeBar(probe(endpoint, bar), high);
    if (shape !== undefined) {
      shapes.set(bar, shape);
      bar += shape.is64 ? 1 : 0;
    }
  }
  endpoint.configWrite(COMMAND.offset, COMMAND.width, command);
  return shapes;
}

/** pci_save_state: what is returned puts BARs and command back after a reset (pci_restore_state). */
export function savedConfig(endpoint: PciEndpoint): () => void {
  const bars = Array.from({ length: BAR_COUNT }, (_, bar) =>
    endpoint.configRead(barOffset(bar), 4),
  );
  const command = endpoint.configRead(COMMAND.offset, COMMAND.width);
  return () => {
    bars.forEach((value, bar) => {
      endpoint.configWrite(barOffset(bar), 4, value);
    });
    endpoint.configWrite(COMMAND.offset, COMMAND.width, command);
  };
}

/** What a BAR's register reads after all ones were written to it. */
function probe(endpoint: PciEndpoint, bar: number): number {
  const old = endpoint.configRead(barOffset(bar), 4);
  endpoint.configWrite(barOffset(bar), 4, 0xffff_ffff);
  const read = endpoint.configRead(barOffset(bar), 4);
  endpoint.configWrite(barOffset(bar), 4, old);
  return read;
}
