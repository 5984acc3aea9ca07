/** A guest's memory of which somebody hears what a device moves: bytes, and not loads and stores of rings. */
import type { DeviceMemory } from '@doorbell/abi';

type OnMoved = (
  kind: 'dmaRead' | 'dmaWrite' | 'dmaRefused',
  address: number,
  bytes: number,
) => void;

export class FollowedMemory implements DeviceMemory {
  private readonly memory: DeviceMemory;
  private readonly begins: () => OnMoved;

  /** @param begins  called when bytes begin to move; what it gives, when they have moved. */
  constructor(memory: DeviceMemory, begins: () => OnMoved) {
    this.memory = memory;
    this.begins = begins;
  }

  async fetch(address: number, into: Uint8Array): Promise<boolean> {
    const onMoved = this.begins();
    const moved = await this.memory.fetch(address, into);
    onMoved(moved ? 'dmaRead' : 'dmaRefused', address, into.length);
    return moved;
  }

  async store(address: number, bytes: Uint8Array): Promise<boolean> {
    const onMoved = this.begins();
    const moved = await this.memory.store(address, bytes);
    onMoved(moved ? 'dmaWrite' : 'dmaRefused', address, bytes.length);
    return moved;
  }

  load16(address: number): number {
    return this.memory.load16(address);
  }

  load32(address: number): number {
    return this.memory.load32(address);
  }

  store16(address: number, value: number): void {
    this.memory.store16(address, value);
  }

  store32(address: number, value: number): void {
    this.memory.store32(address, value);
  }

  acquire16(address: number): number {
    return this.memory.acquire16(address);
  }

  release16(address: number, value: number): void {
    this.memory.release16(address, value);
  }

  fence(): void {
    this.memory.fence();
  }

  reaches(address: number, bytes: number, write: boolean): boolean {
    return this.memory.reaches(address, bytes, write);
  }

  mayFetch(address: number, bytes: number): boolean {
    return this.memory.mayFetch(address, bytes);
  }
}
