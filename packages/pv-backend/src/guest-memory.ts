/** The driver's memory, with a count of what was moved. */
import type { DeviceMemory } from '@doorbell/abi';

export class GuestMemory {
  bytesFetched = 0;
  bytesStored = 0;
  private readonly memory: DeviceMemory;

  constructor(memory: DeviceMemory) {
    this.memory = memory;
  }

  /** Whether the device may reach all of a range, as far as that is known before. */
  mayFetch(address: number, bytes: number): boolean {
    return this.memory.mayFetch(address, bytes);
  }

  /** False: refused; nothing was moved. */
  async fetch(address: number, into: Uint8Array): Promise<boolean> {
    const moved = await this.memory.fetch(address, into);
    this.bytesFetched += moved ? into.length : 0;
    return moved;
  }

  async store(address: number, bytes: Uint8Array): Promise<boolean> {
    const moved = await this.memory.store(address, bytes);
    this.bytesStored += moved ? bytes.length : 0;
    return moved;
  }
}
