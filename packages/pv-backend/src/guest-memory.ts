/** The driver's memory, with a count of what was moved. */
import type { DeviceMemory } from '@doorbell/abi';

/** Whether what is under way still has a driver that waits for it. */
export type IsWanted = () => boolean;
export const always: IsWanted = () => true;

/**
 * Memory that is reached by more than one step: it asks before each, and takes none once the driver
 * has its memory back (VIRTIO 1.3 §2.4.1, §2.6.1). Other memory is reached at once.
 */
interface SteppedMemory {
  mayFetch(address: number, bytes: number): boolean;
  fetch(address: number, into: Uint8Array, isWanted: IsWanted): Promise<boolean>;
  store(address: number, bytes: Uint8Array, isWanted: IsWanted): Promise<boolean>;
}

export class GuestMemory {
  bytesFetched = 0;
  bytesStored = 0;
  private readonly memory: SteppedMemory;

  constructor(memory: DeviceMemory) {
    this.memory = memory;
  }

  /** Whether the device may reach all of a range, as far as that is known before. */
  mayFetch(address: number, bytes: number): boolean {
    return this.memory.mayFetch(address, bytes);
  }

  /** False: refused, or not wanted any more. */
  async fetch(address: number, into: Uint8Array, isWanted: IsWanted): Promise<boolean> {
    const moved = isWanted() && (await this.memory.fetch(address, into, isWanted));
    this.bytesFetched += moved ? into.length : 0;
    return moved;
  }

  async store(address: number, bytes: Uint8Array, isWanted: IsWanted): Promise<boolean> {
    const moved = isWanted() && (await this.memory.store(address, bytes, isWanted));
    this.bytesStored += moved ? bytes.length : 0;
    return moved;
  }
}
