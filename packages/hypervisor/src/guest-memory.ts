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

  // What the device may not reach is as on a bus: a load gives all ones, a store is lost. Ring
  // code asks `reaches` before it uses a queue, and takes all ones for a driver that lies.

  load16(address: number): number {
    return this.reaches(address, 2) ? this.ram.load16(this.base + address) : 0xffff;
  }

  load32(address: number): number {
    return this.reaches(address, 4) ? this.ram.load32(this.base + address) : 0xffffffff;
  }

  store16(address: number, value: number): void {
    if (this.reaches(address, 2)) {
      this.ram.store16(this.base + address, value);
    }
  }

  store32(address: number, value: number): void {
    if (this.reaches(address, 4)) {
      this.ram.store32(this.base + address, value);
    }
  }

  acquire16(address: number): number {
    return this.reaches(address, 2) ? this.ram.acquire16(this.base + address) : 0xffff;
  }

  release16(address: number, value: number): void {
    if (this.reaches(address, 2)) {
      this.ram.release16(this.base + address, value);
    }
  }

  fence(): void {
    this.ram.fence();
  }
}
