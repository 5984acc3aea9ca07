/** Configuration space of each function of a saved state: its bytes, and its capabilities by name. */
import {
  acsCapability,
  allOnes,
  ariCapability,
  capabilityIds,
  CONFIG_BYTES,
  EXTENDED_CONFIG,
  extendedIds,
  msiCapability,
  msixCapability,
  pcieCapability,
  pmCapability,
  serialCapability,
  sriovCapability,
  type0Header,
  VENDOR_CAPABILITY,
  type Bdf,
  type RegisterRows,
} from '@doorbell/abi';
import type { StackState } from '../../stacks/stack.ts';
import { view, type RegisterView } from './registers.ts';
import { functionsOf, type DeviceKind } from './saved.ts';

export interface CapabilityView {
  /** In bytes from the start of configuration space. */
  readonly offset: number;
  readonly id: number;
  /** As the specification names it; `0x12` where it is not known here. */
  readonly name: string;
  readonly isExtended: boolean;
  /** Empty where it is not known here. */
  readonly registers: readonly RegisterView[];
}

export interface ConfigView {
  /** -1: the host's bus; else the guest's. */
  readonly guest: number;
  readonly bdf: Bdf;
  readonly kind: DeviceKind;
  /** What the function keeps; of an assigned one, what VFIO shows its user. */
  readonly bytes: Uint8Array;
  readonly capabilities: readonly CapabilityView[];
}

interface Known {
  readonly name: string;
  readonly names: readonly string[];
  readonly rows: RegisterRows;
}

const known = new Map<number, Known>([
  [capabilityIds.PM, pmCapability],
  [capabilityIds.MSI, msiCapability],
  [capabilityIds.MSIX, msixCapability],
  [capabilityIds.PCIE, pcieCapability],
  [VENDOR_CAPABILITY, { name: 'vendor specific', names: [], rows: {} }],
]);
const knownExtended = new Map<number, Known>([
  [extendedIds.SERIAL, serialCapability],
  [extendedIds.ACS, acsCapability],
  [extendedIds.ARI, ariCapability],
  [extendedIds.SRIOV, sriovCapability],
]);

export function configSpacesOf(state: StackState): readonly ConfigView[] {
  return functionsOf(state).map(({ guest, bdf, kind, config }) => ({
    ...{ guest, bdf, kind, bytes: config },
    capabilities: [...capabilities(config), ...extendedCapabilities(config)],
  }));
}

/** Little-endian; all ones beyond what is kept. */
function read(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0;
  for (let at = offset + width - 1; at >= offset; at--) {
    value = value * 256 + (bytes[at] ?? 0xff);
  }
  return value;
}

/** Capabilities are four bytes at least, so a longer list is a loop. */
const MOST = (0x100 - type0Header.size) / 4;

/** PCI Express Base 6.0 §7.5.1.1.11. A pointer into the header ends the list. */
function capabilities(bytes: Uint8Array): CapabilityView[] {
  const { STATUS, CAPABILITIES } = type0Header.rows;
  const status = read(bytes, STATUS.offset, STATUS.width);
  if ((status & STATUS.bits.CAPABILITIES.mask) === 0) {
    return [];
  }
  const found: CapabilityView[] = [];
  let at = read(bytes, CAPABILITIES.offset, 1) & ~3;
  while (at >= type0Header.size && found.length < MOST) {
    const id = read(bytes, at, 1);
    found.push(capability(bytes, at, id, known.get(id)));
    at = read(bytes, at + 1, 1) & ~3;
  }
  return found;
}

const MOST_EXTENDED = (CONFIG_BYTES - EXTENDED_CONFIG) / 4;

/** §7.6.3: a header of zeros, or of ones, says that there is none. */
function extendedCapabilities(bytes: Uint8Array): CapabilityView[] {
  const found: CapabilityView[] = [];
  let at = EXTENDED_CONFIG;
  while (at >= EXTENDED_CONFIG && found.length < MOST_EXTENDED) {
    const header = read(bytes, at, 4);
    if (header === 0 || header === allOnes(4)) {
      break;
    }
    const id = header & 0xffff;
    found.push({ ...capability(bytes, at, id, knownExtended.get(id)), isExtended: true });
    at = (header >>> 20) & ~3;
  }
  return found;
}

function capability(
  bytes: Uint8Array,
  offset: number,
  id: number,
  map: Known | undefined,
): CapabilityView {
  return {
    ...{ offset, id, name: map?.name ?? `0x${id.toString(16)}`, isExtended: false },
    registers:
      map?.names.map((name) => {
        const row = map.rows[name];
        return view(name, row, read(bytes, offset + row.offset, row.width));
      }) ?? [],
  };
}
