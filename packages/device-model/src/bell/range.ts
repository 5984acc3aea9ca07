/**
 * A range of GPU virtual addresses that a packet uses. All of it is translated, page by page,
 * before a byte of it is touched. It is then a list of runs: bytes in a row, in VRAM or on the
 * bus.
 */
import { type BusMaster, PAGE_BYTES } from '@doorbell/abi';
import type { PagedMemory } from '../paged-memory.ts';
import { Fault } from './fault.ts';
import type { LastWord } from './last-word.ts';
import type { AddressSpace } from './mmu.ts';

/** What the engines use of an MMU; see `Mmu`. */
interface AddressTranslation {
  readonly system: boolean;
  translate(space: AddressSpace, va: number, write: boolean): number;
  /** Walks since the last call. */
  takeMisses(): number;
}

/** All that a virtual address can lead to. */
export interface GpuMemory {
  readonly vram: PagedMemory;
  readonly mmu: AddressTranslation;
  readonly bus: BusMaster;
  /** Of a part that has the leaky register. */
  readonly lastWord?: LastWord;
}

export class Range {
  /** Bytes. */
  size = 0;
  private va = 0;
  private runs = 0;
  /** Of each run: its address, the offset in the range where it ends, whether it is on the bus. */
  private addresses = new Float64Array(8);
  private ends = new Float64Array(8);
  private onBus = new Uint8Array(8);
  private readonly memory: GpuMemory;

  constructor(memory: GpuMemory) {
    this.memory = memory;
  }

  /** @throws Fault of the first page that cannot be used. */
  map(space: AddressSpace, va: number, size: number, writes: boolean): void {
    const { mmu } = this.memory;
    this.va = va;
    this.size = size;
    this.runs = 0;
    for (let done = 0; done < size;) {
      const bytes = Math.min(PAGE_BYTES - ((va + done) % PAGE_BYTES), size - done);
      const address = mmu.translate(space, va + done, writes);
      this.append(address, bytes, mmu.system ? 1 : 0);
      done += bytes;
    }
  }

  private append(address: number, bytes: number, onBus: number): void {
    const last = this.runs - 1;
    const begin = this.begin(last + 1);
    if (
      last >= 0 &&
      this.onBus[last] === onBus &&
      this.addresses[last] + begin - this.begin(last) === address
    ) {
      this.ends[last] = begin + bytes;
      return;
    }
    if (this.runs === this.ends.length) {
      this.grow();
    }
    this.addresses[this.runs] = address;
    this.ends[this.runs] = begin + bytes;
    this.onBus[this.runs] = onBus;
    this.runs++;
  }

  private grow(): void {
    const { addresses, ends, onBus } = this;
    this.addresses = new Float64Array(ends.length * 2);
    this.addresses.set(addresses);
    this.ends = new Float64Array(ends.length * 2);
    this.ends.set(ends);
    this.onBus = new Uint8Array(ends.length * 2);
    this.onBus.set(onBus);
  }

  private begin(run: number): number {
    return run > 0 ? this.ends[run - 1] : 0;
  }

  /** Where in VRAM the range is when it is there in one run; -1 when it is not. */
  get inVram(): number {
    if (this.runs === 0) {
      return 0;
    }
    return this.runs === 1 && this.onBus[0] === 0 ? this.addresses[0] : -1;
  }

  /** Whether no byte of it is in VRAM. */
  get onBusOnly(): boolean {
    return !this.onBus.subarray(0, this.runs).includes(0);
  }

  /** @throws Fault BUS; what was before it has been read. */
  read(offset: number, into: Uint8Array): void {
    this.transfer(offset, into, false);
  }

  /** @throws Fault BUS; what was before it has been written. */
  write(offset: number, bytes: Uint8Array): void {
    this.transfer(offset, bytes, true);
  }

  private transfer(offset: number, data: Uint8Array, write: boolean): void {
    let run = this.find(offset);
    for (let done = 0; done < data.length; run++) {
      const at = offset + done;
      const bytes = Math.min(this.ends[run] - at, data.length - done);
      const address = this.addresses[run] + at - this.begin(run);
      const part = data.subarray(done, done + bytes);
      if (this.onBus[run] === 0) {
        this.moveVram(address, part, write);
      } else {
        this.moveBus(address, part, write, at);
      }
      done += bytes;
    }
  }

  private moveVram(address: number, part: Uint8Array, write: boolean): void {
    const { vram } = this.memory;
    if (write) {
      vram.bytes.set(part, address);
      vram.touched(address, part.length);
    } else {
      part.set(vram.bytes.subarray(address, address + part.length));
    }
  }

  private moveBus(address: number, part: Uint8Array, write: boolean, offset: number): void {
    const { bus } = this.memory;
    const done = write ? bus.write(address, part) : bus.read(address, part);
    if (!done) {
      throw new Fault('BUS', this.va + offset);
    }
  }

  /** The run that holds the byte at `offset`. */
  private find(offset: number): number {
    let low = 0;
    let high = this.runs - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offset < this.ends[middle]) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return low;
  }
}
