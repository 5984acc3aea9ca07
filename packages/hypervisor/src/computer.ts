/**
 * A computer as the drivers of one operating system see it, bare metal or virtual: the ports of
 * abi over an address space, RAM, a CPU. All that the operating system does to its machine
 * passes here, where it is counted, priced and recorded.
 */
import type { Bdf, Dma, DmaMappings, EventKind, PciDevice, RequestId, Trace } from '@doorbell/abi';
import { BarWindow } from './bar-window.ts';
import { ConfigAccess } from './config-access.ts';
import { CpuClock } from './cpu-clock.ts';
import type { Cpu } from './cpu.ts';
import { Crossings } from './crossings.ts';
import { DmaPort } from './dma-port.ts';
import type { InterruptController } from './interrupt-controller.ts';
import { InterruptPort } from './interrupt-port.ts';
import type { Machine } from './machine.ts';
import { MmioAccess } from './mmio-access.ts';
import type { PciBus } from './pci-bus.ts';
import { PortPlayer } from './port-player.ts';
import { Ram, type RamParts } from './ram.ts';
import { kindNumbers } from './tracer.ts';

export interface ComputerParts extends RamParts {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly bus: PciBus;
  readonly interrupts: InterruptController;
  /** A guest: configuration accesses are exits, and so are accesses to trapped regions. */
  readonly virtual: boolean;
  /** The DMA API for one function. */
  readonly dmaFor: (at: Bdf) => DmaMappings;
}

export class Computer {
  readonly parts: ComputerParts;
  /** By physical address; drivers have a window per BAR. */
  readonly mmio: MmioAccess;
  readonly ram: Ram;
  readonly clock: CpuClock;
  /** For who runs here and is no device: its events are recorded as what it does. */
  readonly trace: Trace = { event: (...event) => this.event(...event) };
  private readonly crossings: Crossings;

  constructor(parts: ComputerParts) {
    const { machine, cpu } = parts;
    const number = machine.addPlayer(new PortPlayer(this));
    const crossings = new Crossings({ machine, cpu, number, isRecorded: true });
    this.parts = parts;
    this.crossings = crossings;
    this.mmio = new MmioAccess(crossings, parts.space, parts.virtual);
    this.ram = new Ram(crossings, parts);
    this.clock = new CpuClock(crossings);
  }

  /** What a driver is handed for the function at `at`. */
  device(at: Bdf): PciDevice {
    const { crossings, ram, clock } = this;
    const { bus, interrupts, virtual } = this.parts;
    return {
      config: new ConfigAccess(crossings, at, bus.function(at), virtual),
      mapBar: (index) => this.mapBar(at, index),
      memory: ram,
      dma: this.dma(at),
      irq: new InterruptPort(crossings, interrupts, interrupts.lineOf(at)),
      clock,
    };
  }

  /** The DMA API for the device at `at`. */
  dma(at: Bdf): Dma {
    return new DmaPort(this.crossings, this.ram, at, this.parts.dmaFor(at));
  }

  private mapBar(at: Bdf, index: number): BarWindow {
    const { address, size } = this.parts.bus.barAddress(at, index);
    if (address === 0) {
      throw new RangeError(`BAR ${index} has no address.`);
    }
    return new BarWindow(this.mmio, address, size);
  }

  /** CPU time of the operating system or the application: `times` operations of one cost. */
  spend(index: number, times = 1): void {
    this.parts.machine.charge(index, times);
    this.crossings.note('spend', index, times);
  }

  /** What follows serves this call of the application: of so many bytes, by its kind's number. */
  request(id: RequestId, call: number, bytes: number): void {
    const { tracer } = this.parts.machine;
    tracer.request = id;
    tracer.cause = 0;
    tracer.cause = tracer.event('appCall', call, bytes);
    this.crossings.note('request', id, call, bytes);
  }

  private event(kind: EventKind, a: number, b: number, c = 0): number {
    const id = this.parts.machine.tracer.event(kind, a, b, c);
    this.crossings.note('trace', kindNumbers[kind], a, b, c);
    return id;
  }
}
