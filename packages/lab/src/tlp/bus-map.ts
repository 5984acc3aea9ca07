/** The physical bus as packets see it: who answers at an address, and how a function splits its transfers. */
import {
  capabilityIds,
  capabilityOffset,
  extract,
  pcieCapability,
  type0Header,
  type Bdf,
  type PciEndpoint,
} from '@doorbell/abi';
import type { Host } from '@doorbell/hypervisor';

/** In bytes. */
interface TransferLimits {
  /** The most that one packet carries. */
  readonly payload: number;
  /** The most that one read asks for. */
  readonly readRequest: number;
}

/** What answers at an address. */
export interface BarPlace {
  readonly completer: Bdf;
  readonly bar: number;
  readonly offset: number;
}

export interface BusMap {
  /** Undefined: nothing does. */
  place(address: number): BarPlace | undefined;
  limits(requester: Bdf): TransferLimits;
  /** The vendor and the device that configuration space names. */
  ids(at: Bdf): { readonly vendor: number; readonly device: number };
}

const { VENDOR_ID, DEVICE_ID } = type0Header.rows;
const { DEVICE_CONTROL } = pcieCapability.rows;

/** Both fields of DEVICE_CONTROL say 128 bytes shifted left by their value (PCIe 6.0 §7.5.3.4). */
const SMALLEST = 128;
/** The largest value that is not reserved. Software may have written another. */
const LARGEST = 4096;

function limitsFrom(control: number): TransferLimits {
  return {
    payload: Math.min(LARGEST, SMALLEST << extract(DEVICE_CONTROL.bits.MAX_PAYLOAD, control)),
    readRequest: Math.min(LARGEST, SMALLEST << extract(DEVICE_CONTROL.bits.MAX_READ, control)),
  };
}

function limitsOf(endpoint: PciEndpoint): TransferLimits {
  const at = capabilityOffset(
    (offset, width) => endpoint.configRead(offset, width),
    capabilityIds.PCIE,
  );
  const { offset, width, reset } = DEVICE_CONTROL;
  return limitsFrom(at === 0 ? reset : endpoint.configRead(at + offset, width));
}

/** As the host's bus is now. */
export function busMapOf({ bus }: Host): BusMap {
  const bars = bus
    .functions()
    .flatMap(([completer]) =>
      bus.bars(completer).map((bar) => ({ completer, bar, ...bus.barAddress(completer, bar) })),
    );
  const limits = new Map(bus.functions().map(([at, endpoint]) => [at, limitsOf(endpoint)]));
  return {
    place: (address) => {
      const found = bars.find((bar) => address >= bar.address && address < bar.address + bar.size);
      return found === undefined
        ? undefined
        : { completer: found.completer, bar: found.bar, offset: address - found.address };
    },
    limits: (requester) => limits.get(requester) ?? limitsFrom(DEVICE_CONTROL.reset),
    ids: (at) => {
      const endpoint = bus.function(at);
      return {
        vendor: endpoint.configRead(VENDOR_ID.offset, VENDOR_ID.width),
        device: endpoint.configRead(DEVICE_ID.offset, DEVICE_ID.width),
      };
    },
  };
}
