/** What a driver may put into a chain, whatever the layout of the queue. */
import { DESC_BYTES, descFlags, MAX_INDIRECT, type Chain, type DeviceMemory } from '@doorbell/abi';

const { WRITE } = descFlags;
/** §2.7.5.2: no chain is longer than 2^32 bytes in total. */
const MAX_CHAIN_BYTES = 2 ** 32;
const HIGH_HALF = 2 ** 32;
/** Addresses are numbers below 2^52, so that they and what is added to them are exact. */
const MAX_HIGH = 2 ** 20;

/**
 * Takes over copies of a descriptor's fields, buffer by buffer. Each check gives the rule that
 * was broken, as a sentence, or ''.
 */
export class ChainCheck {
  /** Bytes of the buffers so far that the device may write. */
  writable = 0;
  /** Of the table that was checked last. */
  tableAddress = 0;
  private bytes = 0;
  private readonly memory: DeviceMemory;

  constructor(memory: DeviceMemory) {
    this.memory = memory;
  }

  start(chain: Chain): void {
    chain.clear();
    this.writable = 0;
    this.bytes = 0;
  }

  /**
   * Adds a buffer to the chain; an empty one is legal: no section forbids it.
   * @param low  the halves of its address.
   */
  add(chain: Chain, low: number, high: number, length: number, flags: number): string {
    const write = (flags & WRITE) !== 0;
    if (!write && chain.readable !== chain.count) {
      return 'A buffer that the device reads follows one that it writes (VIRTIO 1.3 §2.7.4.2, §2.8.17).';
    }
    if (chain.count === chain.lengths.length) {
      return `A chain has more than the ${chain.count} buffers that this device takes (VIRTIO 1.3 §2.7.4.1, §2.8.18).`;
    }
    this.bytes += length;
    if (this.bytes > MAX_CHAIN_BYTES) {
      return 'A chain has more than 2^32 bytes in total (VIRTIO 1.3 §2.7.5.2).';
    }
    const address = high * HIGH_HALF + low;
    if (high >= MAX_HIGH || !this.memory.reaches(address, length, write)) {
      return unreachable(address, length, write);
    }
    if (write) {
      this.writable += length;
    }
    chain.push(address, length, write);
    return '';
  }

  /** Checks an indirect table (§2.7.5.3, §2.8.7); its address is `tableAddress` then. */
  table(low: number, high: number, length: number): string {
    if (length === 0 || length % DESC_BYTES !== 0) {
      return `An indirect table of ${length} bytes does not consist of descriptors (VIRTIO 1.3 §2.7.5.3, §2.8.7).`;
    }
    if (length > MAX_INDIRECT * DESC_BYTES) {
      return `An indirect table of ${length} bytes has more than the ${MAX_INDIRECT} descriptors that this device takes (VIRTIO 1.3 §2.7.4.1, §2.8.18).`;
    }
    const address = high * HIGH_HALF + low;
    if (high >= MAX_HIGH || !this.memory.reaches(address, length, false)) {
      return unreachable(address, length, false);
    }
    // No section asks for it, but ring memory is loaded in aligned words.
    if (address % 4 !== 0) {
      return `An indirect table at 0x${address.toString(16)} is not at a multiple of 4, as this device takes them (VIRTIO 1.3 §2.7.5.3, §2.8.7).`;
    }
    this.tableAddress = address;
    return '';
  }
}

function unreachable(address: number, length: number, write: boolean): string {
  const use = write ? 'write' : 'read';
  return `The device cannot ${use} the ${length} bytes at 0x${address.toString(16)} that a descriptor refers to (VIRTIO 1.3 §2.7.5, §2.8.4).`;
}
