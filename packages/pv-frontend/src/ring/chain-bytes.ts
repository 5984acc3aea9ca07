/** What a driver must not ask of a device, whatever the layout of the queue. */
import type { Chain } from '@doorbell/abi';

/** §2.7.5.2: no chain is longer than 2^32 bytes in total. */
const MAX_CHAIN_BYTES = 2 ** 32;

/**
 * Bytes of a chain that the device may write.
 * @param most  buffers that a chain may have: the queue's size (§2.7.5.3.1, §2.8.17).
 * @throws RangeError when the chain has none, too many, or more than 2^32 bytes.
 */
export function writableBytes(chain: Chain, most: number): number {
  const { count, readable, lengths } = chain;
  if (count === 0 || count > most) {
    throw new RangeError(
      `A chain has 1 to ${most} buffers, not ${count} (VIRTIO 1.3 §2.7.5.3.1, §2.8.17).`,
    );
  }
  let read = 0;
  for (let i = 0; i < readable; i++) {
    read += lengths[i];
  }
  let written = 0;
  for (let i = readable; i < count; i++) {
    written += lengths[i];
  }
  if (read + written > MAX_CHAIN_BYTES) {
    throw new RangeError('A chain has 2^32 bytes at most in total (VIRTIO 1.3 §2.7.5.2).');
  }
  return written;
}
