/**
 * A device's way to memory: each transfer is translated page by page, then moved. `Translation`
 * is the IOMMU, or for a device model in software the guest's own memory map.
 */
import {
  crossing,
  crossingOf,
  PAGE_BYTES,
  type Bdf,
  type BusMaster,
  type MemoryBacking,
} from '@doorbell/abi';
import type { Machine } from './machine.ts';
import { cost } from './profile.ts';

/** Who asks, by the ID that the root complex sees. */
export interface Requester {
  readonly id: Bdf;
}

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

/** Which costs a transfer has: each, and per byte; and whether it crosses the physical bus. */
export interface DmaPrices {
  readonly transfer: number;
  readonly byte: number;
  readonly onBus: boolean;
}

/** A physical device's: over PCI Express. */
export const overTheBus: DmaPrices = {
  transfer: cost['dma.transfer'],
  byte: cost['dma.byte'],
  onBus: true,
};
/** A device model's: it copies, as the driver's CPU does. */
export const inSoftware: DmaPrices = {
  transfer: cost['driver.load'],
  byte: cost['driver.copyByte'],
  onBus: false,
};

export class DmaPath implements BusMaster {
  private readonly machine: Machine;
  private readonly requester: Requester;
  private readonly translation: Translation;
  private readonly memory: MemoryBacking;
  private readonly prices: DmaPrices;
  private latency = 0;
  /** Where the pages of the transfer at hand are. */
  private pages = new Float64Array(1);

  constructor(
    machine: Machine,
    requester: Requester,
    translation: Translation,
    memory: MemoryBacking,
    prices: DmaPrices,
  ) {
    this.machine = machine;
    this.prices = prices;
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
    const { machine } = this;
    const allowed = this.translateAll(address, data.length, write);
    this.latency += this.translation.takeLatency();
    if (!allowed) {
      return false;
    }
    machine.tracer.event(write ? 'dmaWrite' : 'dmaRead', address, data.length, this.crossed(write));
    this.move(address, data, write);
    machine.counts.bytesDma += data.length;
    this.latency +=
      machine.price(this.prices.transfer) + data.length * machine.price(this.prices.byte);
    return true;
  }

  /** How it crosses the bus, for the trace: worked out only while one is recorded. */
  private crossed(write: boolean): number {
    return this.prices.onBus && this.machine.tracer.recording
      ? crossing.of(this.requester.id, write ? crossingOf.WRITE : crossingOf.READ)
      : crossing.none;
  }

  /** One translation for each page that the transfer touches. */
  private translateAll(address: number, length: number, write: boolean): boolean {
    const { translation, requester, memory } = this;
    const offset = address % PAGE_BYTES;
    const count = Math.max(1, Math.ceil((offset + length) / PAGE_BYTES));
    if (count > this.pages.length) {
      this.pages = new Float64Array(count);
    }
    for (let page = 0; page < count; page++) {
      const at = page === 0 ? address : address - offset + page * PAGE_BYTES;
      const physical = translation.translate(requester.id, at, write);
      if (physical < 0 || physical >= memory.size) {
        const within = Math.min(PAGE_BYTES - (at % PAGE_BYTES), address + length - at);
        this.machine.tracer.event('dmaRefused', at, within, this.crossed(write));
        return false;
      }
      this.pages[page] = physical;
    }
    return true;
  }

  private move(address: number, data: Uint8Array, write: boolean): void {
    const { memory, pages } = this;
    for (let done = 0, page = 0; done < data.length; page++) {
      const chunk = Math.min(data.length - done, PAGE_BYTES - ((address + done) % PAGE_BYTES));
      const physical = pages[page];
      if (write) {
        memory.bytes.set(data.subarray(done, done + chunk), physical);
        memory.touched(physical, chunk);
      } else {
        data.set(memory.bytes.subarray(physical, physical + chunk), done);
      }
      done += chunk;
    }
  }
}
