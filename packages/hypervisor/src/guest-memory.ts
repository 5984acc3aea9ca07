/**
 * A guest's RAM as the host's CPU reaches it: what a backend that serves the guest works on. The
 * host pays for it as for its own memory.
 */
import type { DeviceMemory } from '@doorbell/abi';
import type { Ram } from './ram.ts';

export class GuestMemory implements DeviceMemory {
  private readonly ram: Ram;
  private readonly base: number;
  private readonly size: number;
  private readonly isBusMaster: () => boolean;

  /**
   * @param ram  the host's. Guest-physical address 0 is `base` there.
   * @param isBusMaster  whether the guest lets the device reach memory now.
   */
  constructor(ram: Ram, base: number, size: number, isBusMaster: () => boolean) {
    this.isBusMaster = isBusMaster;
    this.ram = ram;
    this.base = base;
    this.size = size;
  }

  reaches(address: number, bytes: number): boolean {
    return address >= 0 && bytes >= 0 && address + bytes <= this.size && this.isBusMaster();
  }

  mayFetch(address: number, bytes: number): boolean {
    return this.reaches(address, bytes);
  }

  async fetch(address: number, into: Uint8Array): Promise<boolean> {
    const reached = this.reaches(address, into.length);
    if (reached) {
      this.ram.copyOut(this.base + address, into);
    }
    return reached;
  }

  async store(address: number, bytes: Uint8Array): Promise<boolean> {
    const reached = this.reaches(address, bytes.length);
    if (reached) {
      this.ram.copyIn(this.base + address, bytes);
    }
    return reached;
  }

  // Ring code asks `reaches` for its whole ring first; what it did not ask for is refused here.

  load16(address: number): number {
    return this.ram.load16(this.at(address, 2));
  }

  load32(address: number): number {
    return this.ram.load32(this.at(address, 4));
  }

  store16(address: number, value: number): void {
    this.ram.store16(this.at(address, 2), value);
  }

  store32(address: number, value: number): void {
    this.ram.store32(this.at(address, 4), value);
  }

  acquire16(address: number): number {
    return this.ram.acquire16(this.at(address, 2));
  }

  release16(address: number, value: number): void {
    this.ram.release16(this.at(address, 2), value);
  }

  fence(): void {
    this.ram.fence();
  }

  /** @throws RangeError when the guest has no RAM there. */
  private at(address: number, bytes: number): number {
    if (address < 0 || address + bytes > this.size) {
      throw new RangeError(`0x${address.toString(16)} (${bytes} bytes) is not RAM of the guest.`);
    }
    return this.base + address;
  }
}
