/** What our display says of itself, and what QEMU's says. */
import { decodeEdid, type Edid, edidBlock, encodeEdid } from '@doorbell/abi';

const BLOCK = edidBlock.size;

/**
 * Whether one is our own display's EDID, byte for byte, and the other that of QEMU's, all blocks
 * whole; and both prefer the same mode.
 */
export function areDisplays(ours: Uint8Array, theirs: Uint8Array, product: number): boolean {
  const [mine, other] = [decoded(ours), decoded(theirs)];
  if (mine?.name !== 'Doorbell' || other?.name !== 'QEMU Monitor' || other.manufacturer !== 'RHT') {
    return false;
  }
  const { width, height } = other.preferred;
  const expected = encodeEdid('DBL', product, 'Doorbell', width, height);
  const isPreferred = mine.preferred.width === width && mine.preferred.height === height;
  return isPreferred && Buffer.from(expected).equals(ours);
}

function decoded(edid: Uint8Array): Edid | undefined {
  return isWhole(edid) ? decodeEdid(edid) : undefined;
}

/**
 * The blocks of which the first speaks, and zeros behind them at most: the bytes of each sum to 0
 * (VESA E-EDID 1.4 §3.6).
 */
function isWhole(edid: Uint8Array): boolean {
  if (edid.length % BLOCK !== 0 || !(edid.length >= BLOCK * (1 + edid[BLOCK - 2]))) {
    return false;
  }
  for (let at = 0; at < edid.length; at += BLOCK) {
    if (edid.subarray(at, at + BLOCK).reduce((sum, byte) => (sum + byte) & 0xff, 0) !== 0) {
      return false;
    }
  }
  return true;
}
