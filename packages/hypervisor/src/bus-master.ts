/**
 * A device's way to memory: each transfer is translated page by page, then moved. `Translation`
 * is the IOMMU, or for a device model in software the guest's own memory map.
 */
import { PAGE_BYTES, type Bdf, type BusMaster, type MemoryBacking } from '@doorbell/abi';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';

export interface Translation {
  /** The physical address that `requester` reaches at `iova`, or -1: refused. */
  translate(requester: Bdf, iova: number, write: boolean): number;
  /** Nanoseconds that translations took since the last call. */
  takeLatency(): number;
}

/** Guest RAM at one place in the host's: what a device model in software goes through. */
export class GuestWindow implements Translation {
  private readonly base: number;
  private readonly size: number;

  constructor(base: number, size: number) {
    this.base = base;
    this.size = size;
  }

  translate(_requester: Bdf, iova: number): number {
    return iova >= 0 && iova < this.size ? this.base + iova : -1;
  }

  takeLatency(): number {
    return 0;
  }
}

export class DmaPath implements BusMaster {
  private readonly machine: Machine;
  private readonly requester: Bdf;
  private readonly translation: Translation;
  private readonly memory: MemoryBacking;
  private latency = 0;

  constructor(machine: Machine, requester: Bdf, translation: Translation, memory: MemoryBacking) {
    this.machine = machine;
    this.requester = requester;
    this.translation = translation;
    this.memory = memory;
  }

  read(address: number, into: Uint8Array): boolean {
    return this.transfer(address, into, false);
  }

  write(address: number, bytes: Uint8Array): boolean {
    return this.transfer(address, bytes, true);
  }

  takeLatency(): number {
    const { latency } = this;
    this.latency = 0;
    return latency;
  }

  /** All pages are translated before the first byte moves: a refused transfer moves nothing. */
  private transfer(address: number, data: Uint8Array, write: boolean): boolean {
    const { machine, memory } = this;
    const length = data.length;
    const first = this.page(address, write);
    if (first < 0) {
      this.latency += this.translation.takeLatency();
      return false;
    }
    if ((address % PAGE_BYTES) + length > PAGE_BYTES && !this.allPages(address, length, write)) {
      this.latency += this.translation.takeLatency();
      return false;
    }
    machine.tracer.event(write ? 'dmaWrite' : 'dmaRead', address, length);
    for (let done = 0; done < length;) {
      const at = address + done;
      const chunk = Math.min(length - done, PAGE_BYTES - (at % PAGE_BYTES));
      const physical = done === 0 ? first : this.translation.translate(this.requester, at, write);
      if (write) {
        memory.bytes.set(data.subarray(done, done + chunk), physical);
        memory.touched(physical, chunk);
      } else {
        data.set(memory.bytes.subarray(physical, physical + chunk), done);
      }
      done += chunk;
    }
    machine.counts.bytesDma += length;
    const priced = machine.price(cost['dma.transfer']) + length * machine.price(cost['dma.byte']);
    this.latency += priced + this.translation.takeLatency();
    return true;
  }

  private page(address: number, write: boolean): number {
    const physical = this.translation.translate(this.requester, address, write);
    return physical >= 0 && physical < this.memory.size ? physical : -1;
  }

  private allPages(address: number, length: number, write: boolean): boolean {
    const end = address + length;
    for (let at = address - (address % PAGE_BYTES) + PAGE_BYTES; at < end; at += PAGE_BYTES) {
      if (this.page(at, write) < 0) {
        return false;
      }
    }
    return true;
  }
}
