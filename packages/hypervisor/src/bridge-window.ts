/** What a bridge passes on, as its registers say (PCI Express Base 6.0 §7.5.1.3). */
import {
  BRIDGE_WINDOW_BYTES,
  capabilityIds,
  extract,
  type PciEndpoint,
  pmCapability,
  type RegisterRow,
  type1Header,
} from '@doorbell/abi';
import { findCapability } from './pci-function.ts';

const HEADER = type1Header.rows;
const { COMMAND, MEMORY_BASE, MEMORY_LIMIT, PREFETCH_BASE, PREFETCH_LIMIT } = HEADER;
const { PMCSR } = pmCapability.rows;

export function isBridge(endpoint: PciEndpoint): boolean {
  return extract(HEADER.HEADER_TYPE.bits.LAYOUT, read(endpoint, HEADER.HEADER_TYPE)) === 1;
}

/** Whether requests from above to these addresses go on to the bus behind it. */
export function passesDown(bridge: PciEndpoint, base: number, size: number): boolean {
  return (
    gate(bridge, COMMAND.bits.MEMORY.mask) &&
    (inMemoryWindow(bridge, base, size) || inPrefetchWindow(bridge, base, size))
  );
}

/** Whether requests of what is behind it go up. */
export function passesUp(bridge: PciEndpoint): boolean {
  return gate(bridge, COMMAND.bits.BUS_MASTER.mask);
}

/** A window for firmware to program, in bytes; `end` is the first byte behind it. */
export interface Window {
  readonly base: number;
  readonly end: number;
}

/** Both are whole MiB; one that is empty is closed. */
export function setWindows(bridge: PciEndpoint, memory: Window, prefetch: Window): void {
  const { PREFETCH_BASE_HI, PREFETCH_LIMIT_HI } = HEADER;
  write(bridge, MEMORY_BASE, halfOf(memory.base));
  write(bridge, MEMORY_LIMIT, halfOf(last(memory)));
  write(bridge, PREFETCH_BASE, halfOf(prefetch.base));
  write(bridge, PREFETCH_LIMIT, halfOf(last(prefetch)));
  write(bridge, PREFETCH_BASE_HI, Math.floor(prefetch.base / 2 ** 32));
  write(bridge, PREFETCH_LIMIT_HI, Math.floor(last(prefetch) / 2 ** 32));
}

/** The last MiB of a window: of an empty one, the MiB before it, so that the limit is below the base. */
function last({ end }: Window): number {
  return end - BRIDGE_WINDOW_BYTES;
}

/** Address bits 31:20 at 15:4. */
function halfOf(address: number): number {
  return Math.floor((address % 2 ** 32) / BRIDGE_WINDOW_BYTES) << 4;
}

function inMemoryWindow(bridge: PciEndpoint, base: number, size: number): boolean {
  const low = mebibytes(bridge, MEMORY_BASE);
  const high = mebibytes(bridge, MEMORY_LIMIT);
  return base >= low && base + size <= high + BRIDGE_WINDOW_BYTES;
}

function inPrefetchWindow(bridge: PciEndpoint, base: number, size: number): boolean {
  const upper = (row: RegisterRow): number => read(bridge, row) * 2 ** 32;
  const low = upper(HEADER.PREFETCH_BASE_HI) + mebibytes(bridge, PREFETCH_BASE);
  const high = upper(HEADER.PREFETCH_LIMIT_HI) + mebibytes(bridge, PREFETCH_LIMIT);
  return base >= low && base + size <= high + BRIDGE_WINDOW_BYTES;
}

/** All four have address bits 31:20 at 15:4. */
function mebibytes(bridge: PciEndpoint, row: RegisterRow): number {
  return extract(MEMORY_BASE.bits.ADDRESS, read(bridge, row)) * BRIDGE_WINDOW_BYTES;
}

/** In D3hot a bridge passes nothing on (§5.3.1.4). */
function gate(bridge: PciEndpoint, mask: number): boolean {
  const pm = findCapability(bridge, capabilityIds.PM);
  const state = pm === 0 ? 0 : bridge.configRead(pm + PMCSR.offset, PMCSR.width);
  return (read(bridge, COMMAND) & mask) !== 0 && extract(PMCSR.bits.POWER_STATE, state) === 0;
}

function read(endpoint: PciEndpoint, row: RegisterRow): number {
  return endpoint.configRead(row.offset, row.width);
}

function write(endpoint: PciEndpoint, row: RegisterRow, value: number): void {
  endpoint.configWrite(row.offset, row.width, value);
}
