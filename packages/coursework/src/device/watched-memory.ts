/** The driver's memory as a device reaches it, with a note of whether it does, and where it writes. */
import { LinearMemory } from '@doorbell/abi';

export class WatchedMemory extends LinearMemory {
  /** Loads, stores, and buffers that were copied. */
  accesses = 0;
  /** Where bytes were written, and how many. */
  readonly writes: { readonly at: number; readonly bytes: number }[] = [];

  private wrote(at: number, bytes: number): void {
    this.accesses++;
    this.writes.push({ at, bytes });
  }

  override load16(address: number): number {
    this.accesses++;
    return super.load16(address);
  }
  override load32(address: number): number {
    this.accesses++;
    return super.load32(address);
  }
  override acquire16(address: number): number {
    this.accesses++;
    return super.acquire16(address);
  }
  override store16(address: number, value: number): void {
    this.wrote(address, 2);
    super.store16(address, value);
  }
  override store32(address: number, value: number): void {
    this.wrote(address, 4);
    super.store32(address, value);
  }
  override release16(address: number, value: number): void {
    this.wrote(address, 2);
    super.release16(address, value);
  }
  override fetch(address: number, into: Uint8Array): Promise<boolean> {
    this.accesses++;
    return super.fetch(address, into);
  }
  override store(address: number, bytes: Uint8Array): Promise<boolean> {
    this.wrote(address, bytes.length);
    return super.store(address, bytes);
  }
}
