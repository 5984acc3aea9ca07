/** A computer's RAM: a part of the machine's memory, at addresses from 0 on. */
import type { Memory, MemoryBacking } from '@doorbell/abi';
import type { AddressSpace } from './address-space.ts';
import type { Crossings } from './crossings.ts';
import type { PageAllocator } from './page-allocator.ts';
import { cost } from './profile.ts';

export interface RamParts {
  /** All of the machine's memory; regions say which part of it is this computer's RAM. */
  readonly memory: MemoryBacking;
  readonly space: AddressSpace;
  /** Hands out addresses of RAM. */
  readonly pages: PageAllocator;
}

export class Ram implements Memory {
  private readonly crossings: Crossings;
  private readonly parts: RamParts;

  constructor(crossings: Crossings, parts: RamParts) {
    this.crossings = crossings;
    this.parts = parts;
  }

  /** Where a range lies in the machine's memory. @throws RangeError when it is not all RAM. */
  place(address: number, bytes: number): number {
    const region = this.parts.space.find(address);
    if (region?.kind !== 'ram' || address + bytes > region.base + region.size) {
      throw new RangeError(`0x${address.toString(16)} (${bytes} bytes) is not RAM.`);
    }
    return region.memoryOffset + address - region.base;
  }

  load16(address: number): number {
    const at = this.enter(address, 2);
    const value = this.parts.memory.halves[at >>> 1];
    this.crossings.note('load', address, 2, 0, 0, undefined, value);
    this.crossings.machine.polls.read(address, value);
    return value;
  }

  load32(address: number): number {
    const at = this.enter(address, 4);
    const value = this.parts.memory.words[at >>> 2];
    this.crossings.note('load', address, 4, 0, 0, undefined, value);
    this.crossings.machine.polls.read(address, value);
    return value;
  }

  store16(address: number, value: number): void {
    const at = this.enter(address, 2);
    this.parts.memory.halves[at >>> 1] = value;
    this.written(address, at, 2);
    this.crossings.note('store', address, 2, value);
  }

  store32(address: number, value: number): void {
    const at = this.enter(address, 4);
    this.parts.memory.words[at >>> 2] = value;
    this.written(address, at, 4);
    this.crossings.note('store', address, 4, value);
  }

  // The memory may be shared with another thread, for which the order of these matters.

  acquire16(address: number): number {
    const at = this.enter(address, 2);
    const value = Atomics.load(this.parts.memory.halves, at >>> 1);
    this.crossings.note('load', address, 2, 0, 0, undefined, value);
    this.crossings.machine.polls.read(address, value);
    return value;
  }

  release16(address: number, value: number): void {
    const at = this.enter(address, 2);
    Atomics.store(this.parts.memory.halves, at >>> 1, value);
    this.written(address, at, 2);
    this.crossings.note('store', address, 2, value);
  }

  /** Nothing to do: Atomics are sequentially consistent, so `release16` is a full barrier too. */
  fence(): void {}

  /** Pays for a load or store; gives its place in the machine's memory. */
  private enter(address: number, bytes: number): number {
    const { crossings } = this;
    crossings.deliver();
    crossings.machine.charge(cost['driver.load'], 1, 1);
    return this.place(address, bytes);
  }

  copyIn(address: number, bytes: Uint8Array): void {
    const { crossings } = this;
    crossings.deliver();
    this.payCopy(bytes.length);
    const at = this.place(address, bytes.length);
    this.parts.memory.bytes.set(bytes, at);
    this.written(address, at, bytes.length);
    crossings.note('copyIn', address, 0, 0, 0, bytes);
  }

  copyOut(address: number, into: Uint8Array): void {
    const { crossings } = this;
    crossings.deliver();
    this.payCopy(into.length);
    const at = this.place(address, into.length);
    into.set(this.parts.memory.bytes.subarray(at, at + into.length));
    crossings.note('copyOut', address, 0, 0, 0, into);
  }

  /** Clearing the pages is what costs. */
  allocate(bytes: number): number {
    const { pages, memory } = this.parts;
    const { machine } = this.crossings;
    this.crossings.deliver();
    const address = pages.allocate(bytes);
    const size = pages.sizeOf(address);
    machine.charge(cost['driver.copyByte'], size, 1);
    const at = this.place(address, size);
    memory.bytes.fill(0, at, at + size);
    memory.touched(at, size);
    this.crossings.note('allocate', bytes, 0, 0, 0, undefined, address);
    return address;
  }

  free(address: number): void {
    const { crossings } = this;
    crossings.deliver();
    crossings.machine.charge(cost['driver.load'], 1, 1);
    this.parts.pages.free(address);
    this.crossings.note('free', address);
  }

  private payCopy(bytes: number): void {
    const { machine } = this.crossings;
    machine.counts.bytesCopied += bytes;
    machine.charge(cost['driver.copyByte'], bytes, 1);
  }

  private written(address: number, at: number, bytes: number): void {
    this.parts.memory.touched(at, bytes);
    this.crossings.machine.polls.changed();
    this.crossings.machine.tracer.event('memoryWrite', address, bytes);
  }
}
