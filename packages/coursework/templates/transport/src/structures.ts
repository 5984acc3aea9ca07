/** Where a function has virtio's structures: its vendor-specific capabilities say so (VIRTIO 1.3 §4.1.4). */
import {
  type0Header,
  VENDOR_CAPABILITY,
  virtioPciCap,
  type Mmio,
  type PciDevice,
} from '@doorbell/abi';

/** A part of a BAR. */
export interface Window {
  readonly mmio: Mmio;
  readonly base: number;
  readonly bytes: number;
}

const LAST_BAR = 5;
/** They lie from 40h to FFh, four bytes each at least: a longer list is a loop. */
const MOST_CAPABILITIES = (0x100 - 0x40) / 4;

/** The first structure of a kind (§4.1.4.1). @throws Error when there is none. */
export function findStructure(device: PciDevice, kind: number): Window {
  const { config } = device;
  const { cfg_type, bar, offset, length } = virtioPciCap.offsets;
  let at = config.read(type0Header.rows.CAPABILITIES.offset, 1) & ~3;
  for (let left = MOST_CAPABILITIES; at >= 0x40 && left > 0; left--) {
    const index = config.read(at + bar, 1);
    const isWanted =
      config.read(at, 1) === VENDOR_CAPABILITY && config.read(at + cfg_type, 1) === kind;
    if (isWanted && index <= LAST_BAR) {
      const base = config.read(at + offset, 4);
      return { mmio: device.mapBar(index), base, bytes: config.read(at + length, 4) };
    }
    at = config.read(at + 1, 1) & ~3;
  }
  throw new Error(`The function has no virtio structure of kind ${kind}.`);
}
