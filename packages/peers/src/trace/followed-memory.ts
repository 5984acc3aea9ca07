/** A guest's memory of which somebody hears what a device moves: bytes, and not loads and stores of rings. */
import type { DeviceMemory } from '@doorbell/abi';

type OnMoved = (
  kind: 'dmaRead' | 'dmaWrite' | 'dmaRefused',
  address: number,
  bytes: number,
) => void;

export class FollowedMemory implements DeviceMemory {
  private readonly memory: DeviceMemory;
  private readonly onMoved: OnMoved;

  constructor(memory: DeviceMemory, onMoved: OnMoved) {
    this.memory = memory;
    this.onMoved = onMoved;
  }

  async fetch(address: number, into: Uint8Array): Promise<boolean> {
    const moved = this.memory.fetch(address, into);
    return this.told(await moved, 'dmaRead', address, into.length);
  }

  async store(address: number, bytes: Uint8Array): Promise<boolean> {
    const moved = this.memory.store(address, bytes);
    return this.told(await moved, 'dmaWrite', address, bytes.length);
  }

  private told(
    moved: boolean,
    kind: 'dmaRead' | 'dmaWrite',
    address: number,
    bytes: number,
  ): boolean {
    this.onMoved(moved ? kind : 'dmaRefused', address, bytes);
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
