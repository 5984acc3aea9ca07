/**
 * bell, the GPU of the datasheet (docs/reference/bell.md): its BARs, its registers, and what
 * stands behind them.
 */
import {
  type AccessWidth,
  allOnes,
  bellBars,
  bellIds,
  bellRegisters,
  channelWindow,
  CHANNELS,
  type DeviceHost,
  doorbellRegisters,
  extract,
  msixLayout,
  PAGE_BYTES,
  RegisterFile,
  type Stateful,
  VECTORS,
} from '@doorbell/abi';
import type { BarRegion } from '../bar.ts';
import { PagedMemory, type PagedMemoryState } from '../paged-memory.ts';
import { type FunctionState, PciFunction } from '../pci-function.ts';
import { Channel, type ChannelSaved } from './channel.ts';
import { type BellCounts, copyCounts, newCounts, restoreCounts } from './counts.ts';
import { Mmu, type MmuState } from './mmu.ts';
import { Processor } from './processor.ts';
import type { EngineRates } from './rates.ts';
import { flip } from './scanout.ts';
import { Scheduler, type SchedulerState } from './scheduler.ts';

const {
  CONTROL,
  ERROR,
  ERROR_ENABLE,
  ERROR_VECTOR,
  RESET,
  SCANOUT_FLIP,
  TLB_INVALIDATE,
  WATCHDOG,
} = bellRegisters.rows;
/** Where the capabilities stand. */
const capabilities = { PM: 0x40, MSIX: 0x50, PCIE: 0x60, SERIAL: 0x100 } as const;
/** The high half of every bell's serial number. */
const SERIAL_HIGH = 0xbe110000;
const NS_PER_US = 1000;
/** Registers take any access, so that a wrong one can be told. */
const ALL_WIDTHS: readonly AccessWidth[] = [1, 2, 4];

export interface BellOptions {
  /** A power of two of at least 4096. Default: 256 MiB. */
  readonly vramBytes?: number;
  /** The low half of the serial number. Default: 1. */
  readonly serial?: number;
}

export interface BellState {
  readonly pci: FunctionState;
  readonly registers: Uint32Array;
  readonly channels: readonly ChannelSaved[];
  readonly scheduler: SchedulerState;
  readonly mmu: MmuState;
  readonly vram: PagedMemoryState;
  readonly counts: BellCounts;
}

export class Bell extends PciFunction implements Stateful<BellState> {
  readonly counts = newCounts();
  private readonly vram: PagedMemory;
  private readonly mmu: Mmu;
  private readonly registers: RegisterFile<typeof bellRegisters.rows>;
  private readonly channels: readonly Channel[];
  private readonly scheduler: Scheduler;

  constructor(host: DeviceHost, rates: EngineRates, options: BellOptions = {}) {
    super(host, bellIds);
    this.vram = new PagedMemory(options.vramBytes ?? bellBars.VRAM.size);
    this.mmu = new Mmu(this.vram);
    this.registers = this.functionRegisters();
    this.channels = Array.from({ length: CHANNELS }, (_, number) => this.channel(number));
    this.scheduler = this.newScheduler(rates);
    this.addBars();
    this.addPowerManagement(capabilities.PM);
    this.addMsixBar();
    this.addPcie(capabilities.PCIE);
    this.addSerial(capabilities.SERIAL, options.serial ?? 1, SERIAL_HIGH);
  }

  // ------------------------------------------------------------------------------ parts

  private channel(number: number): Channel {
    return new Channel(number, {
      reset: () => {
        this.resetChannel(number);
      },
      control: () => {
        this.scheduler.run();
      },
      signal: (vector) => {
        this.signal(vector);
      },
      register: (offset, value) => {
        this.registers.write(offset, 4, value);
      },
    });
  }

  private newScheduler(rates: EngineRates): Scheduler {
    const { vram, mmu, bus, counts, channels, registers } = this;
    const { timers, trace } = this.host;
    const memory = { vram, mmu, bus };
    return new Scheduler({
      channels,
      processor: new Processor(memory, rates, counts, timers, trace),
      counts,
      timers,
      trace,
      enabled: () => extract(CONTROL.bits.ENABLE, registers.get('CONTROL')) === 1,
      watchdogNs: () => extract(WATCHDOG.bits.MICROSECONDS, registers.get('WATCHDOG')) * NS_PER_US,
    });
  }

  private addBars(): void {
    const narrow = { is64: false, prefetchable: false };
    this.addBar({
      ...bellBars.REGISTERS,
      ...narrow,
      regions: [this.functionRegion(), this.channelRegion()],
      unclaimed: (offset) => {
        this.reserved(offset);
      },
    });
    this.addBar({ ...bellBars.DOORBELLS, ...narrow, regions: [this.doorbellRegion()] });
    this.addBar({
      index: bellBars.VRAM.index,
      size: this.vram.size,
      is64: true,
      prefetchable: true,
      memory: this.vram,
    });
  }

  private addMsixBar(): void {
    const { index } = bellBars.MSIX;
    const { table, pending } = msixLayout;
    const regions = this.addMsix(capabilities.MSIX, VECTORS, index, table, pending);
    this.addBar({ ...bellBars.MSIX, is64: false, prefetchable: false, regions });
  }

  private functionRegion(): BarRegion {
    return {
      base: 0,
      size: bellRegisters.size,
      widths: ALL_WIDTHS,
      read: (offset, width) => this.registers.read(offset, width),
      write: (offset, width, value) => {
        if (!this.registers.write(offset, width, value)) {
          this.reserved(offset);
        }
      },
    };
  }

  private channelRegion(): BarRegion {
    const { base, stride } = channelWindow;
    return {
      base,
      size: CHANNELS * stride,
      widths: ALL_WIDTHS,
      read: (offset, width) =>
        this.channels[Math.floor(offset / stride)].registers.read(offset % stride, width),
      write: (offset, width, value) => {
        const channel = this.channels[Math.floor(offset / stride)];
        if (!channel.write(offset % stride, width, value)) {
          this.reserved(base + offset);
        }
      },
    };
  }

  private doorbellRegion(): BarRegion {
    const { TAIL } = doorbellRegisters.rows;
    return {
      base: 0,
      size: bellBars.DOORBELLS.size,
      widths: [TAIL.width],
      read: (offset, width) => (offset % PAGE_BYTES === TAIL.offset ? 0 : allOnes(width)),
      write: (offset, _width, value) => {
        if (offset % PAGE_BYTES === TAIL.offset) {
          this.scheduler.doorbell(Math.floor(offset / PAGE_BYTES), value >>> 0);
        }
      },
    };
  }

  // ------------------------------------------------------------------------------ registers

  private functionRegisters(): RegisterFile<typeof bellRegisters.rows> {
    return new RegisterFile(bellRegisters, {
      VRAM_PAGES: { read: () => this.vram.size / PAGE_BYTES },
      CONTROL: {
        write: () => {
          this.scheduler.run();
        },
      },
      RESET: {
        write: (written) => {
          if ((written & RESET.bits.RESET.mask) !== 0) {
            this.host.trace.event('reset', -1, 0);
            this.onReset();
          }
        },
      },
      STATUS: { read: () => (this.scheduler.busy ? bellRegisters.rows.STATUS.bits.BUSY.mask : 0) },
      TIME_LO: { read: () => this.readTime() },
      TLB_INVALIDATE: {
        write: (written) => {
          this.invalidate(written);
        },
      },
      SCANOUT_FLIP: {
        write: (written) => {
          if ((written & SCANOUT_FLIP.bits.FLIP.mask) !== 0) {
            this.flip();
          }
        },
      },
    });
  }

  private readTime(): number {
    const now = Math.floor(this.host.timers.now());
    this.registers.set('TIME_HI', Math.floor(now / 2 ** 32));
    return now % 2 ** 32;
  }

  private invalidate(written: number): void {
    const { ALL, CHANNEL } = TLB_INVALIDATE.bits;
    if ((written & ALL.mask) !== 0) {
      this.mmu.invalidateAll();
    } else {
      this.mmu.invalidate(extract(CHANNEL, written));
    }
  }

  private flip(): void {
    const { registers, vram, counts } = this;
    const { display, trace } = this.host;
    flip({ registers, vram, display, trace, counts });
  }

  /** A write in BAR0 that no register takes. */
  private reserved(offset: number): void {
    const { registers } = this;
    const { mask } = ERROR.bits.RESERVED;
    if ((registers.get('ERROR') & mask) !== 0) {
      return;
    }
    registers.set('ERROR_OFFSET', offset);
    registers.set('ERROR', mask);
    if ((registers.get('ERROR_ENABLE') & ERROR_ENABLE.bits.RESERVED.mask) !== 0) {
      this.signal(extract(ERROR_VECTOR.bits.VECTOR, registers.get('ERROR_VECTOR')));
    }
  }

  // ------------------------------------------------------------------------------ time and reset

  onTimer(id: number): void {
    this.scheduler.onTimer(id);
  }

  private resetChannel(number: number): void {
    this.host.trace.event('reset', number, 0);
    this.scheduler.resetChannel(number);
    this.mmu.invalidate(number);
    this.scheduler.run();
  }

  /** VRAM keeps its contents. */
  protected onReset(): void {
    this.scheduler.reset();
    this.mmu.invalidateAll();
    this.registers.reset();
  }

  // ------------------------------------------------------------------------------ state

  save(): BellState {
    return {
      pci: this.saveFunction(),
      registers: this.registers.save(),
      channels: this.channels.map((channel) => channel.save()),
      scheduler: this.scheduler.save(),
      mmu: this.mmu.save(),
      vram: this.vram.save(),
      counts: copyCounts(this.counts),
    };
  }

  load(state: BellState): void {
    this.loadFunction(state.pci);
    this.registers.load(state.registers);
    state.channels.forEach((saved, number) => {
      this.channels[number].load(saved);
    });
    this.scheduler.load(state.scheduler);
    this.mmu.load(state.mmu);
    this.vram.load(state.vram);
    restoreCounts(this.counts, state.counts);
  }
}
