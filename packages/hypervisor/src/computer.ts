/**
 * A computer as the drivers of one operating system see it, bare metal or virtual: the ports of
 * abi over an address space, RAM, a CPU. Here an access is counted and priced, and here it is
 * decided by the region that it falls into whether it leaves the guest.
 */
import {
  allOnes,
  type AccessWidth,
  type Bdf,
  type Clock,
  type ConfigPort,
  type Dma,
  type DmaDirection,
  type EventId,
  type Irq,
  type IrqMessage,
  type Memory,
  type MemoryBacking,
  type Mmio,
  type PciDevice,
  type PciEndpoint,
  type RequestId,
  type WaitQueue,
  type WaitReason,
} from '@doorbell/abi';
import type { AddressSpace, Region } from './address-space.ts';
import type { InterruptController } from './interrupt-controller.ts';
import type { Cpu } from './cpu.ts';
import type { Machine } from './machine.ts';
import type { PageAllocator } from './page-allocator.ts';
import type { PciBus } from './pci-bus.ts';
import { cost } from './profile.ts';
import type { PortOp, Recorder } from './recorder.ts';

/** Bytes that one write-combining buffer gathers: one transaction on the bus. */
const COMBINED = 64;

export interface ComputerParts {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly space: AddressSpace;
  readonly bus: PciBus;
  readonly interrupts: InterruptController;
  /** All of the machine's memory; the computer's RAM is `ramBytes` of it from `ramBase` on. */
  readonly memory: MemoryBacking;
  readonly ramBase: number;
  readonly ramBytes: number;
  /** Hands out addresses from 0 to `ramBytes`. */
  readonly pages: PageAllocator;
  /** A guest: configuration accesses are exits, and so are accesses to trapped regions. */
  readonly virtual: boolean;
  /** The DMA API for one function. */
  readonly dmaFor: (at: Bdf) => Dma;
  /** The function's INTx line, a number of the interrupt controller. */
  readonly lineOf: (at: Bdf) => number;
}

const waitReasons: readonly WaitReason[] = [
  'queue',
  'translation',
  'data',
  'resource',
  'dependency',
  'schedule',
  'time',
];

export class Computer {
  readonly parts: ComputerParts;
  private recorder: Recorder | undefined;

  constructor(parts: ComputerParts) {
    this.parts = parts;
  }

  /** Records what crosses this computer's ports from now on, or stops doing so. */
  record(recorder: Recorder | undefined): void {
    this.recorder = recorder;
    this.parts.cpu.recorder = recorder;
  }

  /** What a driver is handed for the function at `at`. */
  device(at: Bdf): PciDevice {
    const { bus } = this.parts;
    return {
      config: this.config(at, bus.function(at)),
      mapBar: (index) => {
        const { address, size } = bus.barAddress(at, index);
        if (address === 0) {
          throw new RangeError(`BAR ${index} has no address.`);
        }
        return this.mmio(address, size);
      },
      memory: this.memory,
      dma: this.dma(at),
      irq: this.irq(at),
      clock: this.clock,
    };
  }

  /** CPU time of the operating system or the application: `times` operations of one cost. */
  spend(index: number, times = 1): void {
    this.parts.machine.charge(index, times);
    this.log('spend', index, times);
  }

  /** What follows serves this call of the application. */
  request(id: RequestId): void {
    this.parts.machine.tracer.request = id;
    this.log('request', id);
  }

  private log(op: PortOp, a = 0, b = 0, c = 0, d = 0, bytes?: Uint8Array, result = 0): void {
    this.recorder?.add(op, a, b, c, d, bytes, result);
  }

  // ------------------------------------------------------------------------------ MMIO

  private mmio(base: number, size: number): Mmio {
    const check = (offset: number, length: number, align: number): number => {
      if (offset < 0 || offset + length > size || offset % align !== 0) {
        throw new RangeError(`Offset ${offset} (${length} bytes) is not within the BAR.`);
      }
      return base + offset;
    };
    return {
      size,
      read: (offset, width) => this.mmioRead(check(offset, width, width), width),
      write: (offset, width, value) => {
        this.mmioWrite(check(offset, width, width), width, value);
      },
      writeBlock: (offset, bytes) => {
        this.mmioWriteBlock(check(offset, bytes.length, 4), bytes);
      },
      readBlock: (offset, into) => {
        this.mmioReadBlock(check(offset, into.length, 4), into);
      },
    };
  }

  mmioRead(address: number, width: AccessWidth): number {
    const { machine, cpu } = this.parts;
    machine.deliver(cpu);
    const value = this.readRegion(address, width);
    this.log('mmioRead', address, width, 0, 0, undefined, value);
    return value;
  }

  mmioWrite(address: number, width: AccessWidth, value: number): void {
    const { machine, cpu } = this.parts;
    machine.deliver(cpu);
    this.writeRegion(address, width, value);
    this.log('mmioWrite', address, width, value);
  }

  private readRegion(address: number, width: AccessWidth): number {
    const { machine, space } = this.parts;
    const region = space.find(address);
    const { tracer } = machine;
    const { cause } = tracer;
    const id = this.access('mmioRead', address, 0);
    const value = this.enter(region, address, false)
      ? region.endpoint.barRead(region.bar, address - region.base + region.barOffset, width)
      : allOnes(width);
    tracer.amend(id, value);
    tracer.cause = cause;
    return value;
  }

  private writeRegion(address: number, width: AccessWidth, value: number): void {
    const { machine, space } = this.parts;
    const region = space.find(address);
    const { tracer } = machine;
    const { cause } = tracer;
    this.access('mmioWrite', address, value);
    if (this.enter(region, address, true)) {
      region.endpoint.barWrite(region.bar, address - region.base + region.barOffset, width, value);
    }
    tracer.cause = cause;
  }

  /** Traces an access and makes it the cause of what follows. */
  private access(
    kind: 'mmioRead' | 'mmioWrite' | 'mmioBlock',
    address: number,
    b: number,
  ): EventId {
    const { tracer } = this.parts.machine;
    const id = tracer.event(kind, address, b);
    tracer.cause = id === 0 ? tracer.cause : id;
    return id;
  }

  /** Pays for the way to the device. False: nothing answers at this address. */
  private enter(region: Region | undefined, address: number, write: boolean): region is Region {
    const { machine } = this.parts;
    if (region?.kind === 'trapped') {
      machine.exit(write ? 'mmio-write' : 'mmio-read', cost['exit.mmio'], address);
      machine.charge(cost['emulation.access']);
      return true;
    }
    machine.counts.directAccesses++;
    machine.charge(write ? cost['mmio.write'] : cost['mmio.read'], 1, 1);
    return region !== undefined;
  }

  mmioWriteBlock(address: number, bytes: Uint8Array): void {
    this.block(address, bytes, true);
    this.log('mmioWriteBlock', address, 0, 0, 0, bytes);
  }

  mmioReadBlock(address: number, into: Uint8Array): void {
    this.block(address, into, false);
    this.log('mmioReadBlock', address, 0, 0, 0, into);
  }

  private block(address: number, bytes: Uint8Array, write: boolean): void {
    const { machine, cpu, space } = this.parts;
    machine.deliver(cpu);
    const region = space.find(address);
    if (region?.kind === 'trapped' || region?.endpoint.barMemory(region.bar) === undefined) {
      this.wordByWord(address, bytes, write);
      return;
    }
    const { cause } = machine.tracer;
    this.access('mmioBlock', address, bytes.length);
    machine.counts.directAccesses += Math.ceil(bytes.length / COMBINED);
    machine.charge(cost['mmio.blockByte'], bytes.length, 1);
    const at = address - region.base + region.barOffset;
    // Only after the charge: what became due meanwhile may have moved the BAR.
    const memory = region.endpoint.barMemory(region.bar);
    if (memory !== undefined && write) {
      memory.bytes.set(bytes, at);
      memory.touched(at, bytes.length);
    } else if (memory !== undefined) {
      bytes.set(memory.bytes.subarray(at, at + bytes.length));
    }
    machine.tracer.cause = cause;
  }

  private wordByWord(address: number, bytes: Uint8Array, write: boolean): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += 4) {
      if (write) {
        this.writeRegion(address + at, 4, view.getUint32(at, true));
      } else {
        view.setUint32(at, this.readRegion(address + at, 4), true);
      }
    }
  }

  // ------------------------------------------------------------------------------ configuration

  private config(at: Bdf, endpoint: PciEndpoint): ConfigPort {
    return {
      read: (offset, width) => this.configRead(at, endpoint, offset, width),
      write: (offset, width, value) => {
        this.configWrite(at, endpoint, offset, width, value);
      },
    };
  }

  configRead(at: Bdf, endpoint: PciEndpoint, offset: number, width: AccessWidth): number {
    const { machine, cpu } = this.parts;
    machine.deliver(cpu);
    const { tracer } = machine;
    const { cause } = tracer;
    const id = tracer.event('configRead', offset, 0);
    tracer.cause = id === 0 ? cause : id;
    this.enterConfig(offset);
    const value = endpoint.configRead(offset, width);
    tracer.amend(id, value);
    tracer.cause = cause;
    this.log('configRead', at, offset, width, 0, undefined, value);
    return value;
  }

  configWrite(
    at: Bdf,
    endpoint: PciEndpoint,
    offset: number,
    width: AccessWidth,
    value: number,
  ): void {
    const { machine, cpu } = this.parts;
    machine.deliver(cpu);
    const { tracer } = machine;
    const { cause } = tracer;
    const id = tracer.event('configWrite', offset, value);
    tracer.cause = id === 0 ? cause : id;
    this.enterConfig(offset);
    endpoint.configWrite(offset, width, value);
    tracer.cause = cause;
    this.log('configWrite', at, offset, width, value);
  }

  private enterConfig(offset: number): void {
    const { machine, virtual } = this.parts;
    if (virtual) {
      machine.exit('config', cost['exit.config'], offset);
      machine.charge(cost['emulation.access']);
    } else {
      machine.charge(cost['config.access'], 1, 1);
    }
  }

  // ------------------------------------------------------------------------------ RAM and DMA

  /** Where an address of this computer's RAM lies in the machine's memory. */
  private ram(address: number, bytes: number): number {
    if (address < 0 || address + bytes > this.parts.ramBytes) {
      throw new RangeError(`0x${address.toString(16)} (${bytes} bytes) is not RAM.`);
    }
    return this.parts.ramBase + address;
  }

  private readonly memory: Memory = {
    read32: (address) => this.load(address),
    write32: (address, value) => {
      this.store(address, value);
    },
    copyIn: (address, bytes) => {
      this.copyIn(address, bytes);
    },
    copyOut: (address, into) => {
      this.copyOut(address, into);
    },
    allocate: (bytes) => this.allocate(bytes),
    free: (address) => {
      this.parts.pages.free(address);
      this.log('free', address);
    },
  };

  load(address: number): number {
    const { machine, cpu, memory } = this.parts;
    machine.deliver(cpu);
    machine.charge(cost['driver.load'], 1, 1);
    const value = memory.words[this.ram(address, 4) >>> 2];
    this.log('load', address, 0, 0, 0, undefined, value);
    return value;
  }

  store(address: number, value: number): void {
    const { machine, cpu, memory } = this.parts;
    machine.deliver(cpu);
    machine.charge(cost['driver.load'], 1, 1);
    const at = this.ram(address, 4);
    memory.words[at >>> 2] = value;
    memory.touched(at, 4);
    machine.tracer.event('memoryWrite', address, 4);
    this.log('store', address, value);
  }

  copyIn(address: number, bytes: Uint8Array): void {
    const { machine, cpu, memory } = this.parts;
    machine.deliver(cpu);
    this.copied(bytes.length);
    const at = this.ram(address, bytes.length);
    memory.bytes.set(bytes, at);
    memory.touched(at, bytes.length);
    machine.tracer.event('memoryWrite', address, bytes.length);
    this.log('copyIn', address, 0, 0, 0, bytes);
  }

  copyOut(address: number, into: Uint8Array): void {
    const { machine, cpu, memory } = this.parts;
    machine.deliver(cpu);
    this.copied(into.length);
    const at = this.ram(address, into.length);
    into.set(memory.bytes.subarray(at, at + into.length));
    this.log('copyOut', address, 0, 0, 0, into);
  }

  private copied(bytes: number): void {
    const { machine } = this.parts;
    machine.counts.bytesCopied += bytes;
    machine.charge(cost['driver.copyByte'], bytes, 1);
  }

  allocate(bytes: number): number {
    const { pages, memory } = this.parts;
    const address = pages.allocate(bytes);
    const size = pages.sizeOf(address);
    const at = this.ram(address, size);
    memory.bytes.fill(0, at, at + size);
    memory.touched(at, size);
    this.log('allocate', bytes, 0, 0, 0, undefined, address);
    return address;
  }

  private dma(at: Bdf): Dma {
    const dma = this.parts.dmaFor(at);
    return {
      map: (address, bytes, direction) => this.dmaMap(at, dma, address, bytes, direction),
      unmap: (iova, bytes) => {
        this.dmaUnmap(at, dma, iova, bytes);
      },
    };
  }

  dmaMap(at: Bdf, dma: Dma, address: number, bytes: number, direction: DmaDirection): number {
    const { machine, cpu } = this.parts;
    machine.deliver(cpu);
    machine.charge(cost['driver.dmaMap'], 1, 1);
    this.ram(address, bytes);
    const iova = dma.map(address, bytes, direction);
    machine.tracer.event('dmaMap', iova, bytes);
    this.log('dmaMap', at, address, bytes, directions.indexOf(direction), undefined, iova);
    return iova;
  }

  dmaUnmap(at: Bdf, dma: Dma, iova: number, bytes: number): void {
    const { machine, cpu } = this.parts;
    machine.deliver(cpu);
    machine.charge(cost['driver.dmaMap'], 1, 1);
    dma.unmap(iova, bytes);
    machine.tracer.event('dmaUnmap', iova, bytes);
    this.log('dmaUnmap', at, iova, bytes);
  }

  // ------------------------------------------------------------------------------ interrupts

  private irq(at: Bdf): Irq {
    const { interrupts } = this.parts;
    const line = this.parts.lineOf(at);
    return {
      request: (handler) => {
        const message = interrupts.request(handler);
        this.log('irqRequest', 0, 0, 0, 0, undefined, message.data);
        return message;
      },
      release: (message: IrqMessage) => {
        interrupts.release(message);
        this.log('irqRelease', message.data);
      },
      requestLine: (handler) => {
        interrupts.handleLine(line, handler);
        this.log('lineRequest', line);
      },
      releaseLine: () => {
        interrupts.handleLine(line, undefined);
        this.log('lineRelease', line);
      },
    };
  }

  // ------------------------------------------------------------------------------ time

  readonly clock: Clock = {
    now: () => this.parts.machine.now,
    delay: (ns) => {
      const { machine, cpu } = this.parts;
      machine.deliver(cpu);
      machine.advance(ns);
      this.log('delay', ns);
    },
    sleep: async (ns) => {
      await this.waitQueue().until(() => false, 'time', ns);
    },
    waitQueue: () => this.waitQueue(),
  };

  private waitQueue(): WaitQueue {
    const queue = {};
    const { machine } = this.parts;
    return {
      until: (condition, reason, timeoutNs = Infinity) =>
        this.until(queue, condition, waitReasons.indexOf(reason), timeoutNs),
      wake: () => {
        machine.tasks.wake(queue);
      },
    };
  }

  private async until(
    queue: object,
    condition: () => boolean,
    reason: number,
    timeoutNs: number,
  ): Promise<boolean> {
    const { machine, cpu } = this.parts;
    const deadline = machine.now + timeoutNs;
    machine.deliver(cpu);
    while (!condition()) {
      const left = deadline - machine.now;
      if (left <= 0) {
        return false;
      }
      machine.tracer.event('wait', reason, 0);
      const woken = await machine.tasks.park(cpu, queue, left);
      const { eventsRun, now } = machine;
      machine.charge(cost['driver.wakeup']);
      this.log('resume', eventsRun, now);
      const { tracer } = machine;
      tracer.cause = tracer.event('wake', reason, woken ? 0 : 1) || tracer.cause;
      machine.deliver(cpu);
    }
    return true;
  }
}

export const directions: readonly DmaDirection[] = ['to-device', 'from-device', 'both'];
