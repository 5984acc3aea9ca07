/**
 * A function of bell: its BARs, its registers, its screen and its interrupts. The physical
 * function and the virtual ones are the same, each over its own share of the part.
 */
import {
  type AccessWidth,
  allOnes,
  type BarShape,
  bellBars,
  bellRegisters,
  channelWindow,
  type DeviceHost,
  doorbellRegisters,
  extract,
  msixLayout,
  PAGE_BYTES,
  place,
  RegisterFile,
  VECTORS,
} from '@doorbell/abi';
import type { BarRegion } from '../bar.ts';
import type { Identity } from '../configured-function.ts';
import { PciFunction } from '../pci-function.ts';
import type { BellCounts } from './counts.ts';
import type { Part } from './part.ts';
import type { PartFunction } from './part-function.ts';
import { flip } from './scanout.ts';

const { CAPS, CONTROL, ERROR, ERROR_ENABLE, ERROR_VECTOR, RESET, SCANOUT_FLIP, STATUS } =
  bellRegisters.rows;
const { TLB_INVALIDATE, WATCHDOG } = bellRegisters.rows;
const NS_PER_US = 1000;
/** Registers take any access, so that a wrong one can be told. */
const ALL_WIDTHS: readonly AccessWidth[] = [1, 2, 4];

type BellBar = BarShape & { readonly index: number };

/** The BARs that a function of the part has. */
export function barsOf(part: Part): Readonly<Record<keyof typeof bellBars, BellBar>> {
  const narrow = { is64: false, prefetchable: false };
  return {
    REGISTERS: { ...bellBars.REGISTERS, ...narrow },
    DOORBELLS: { ...bellBars.DOORBELLS, ...narrow },
    VRAM: { index: bellBars.VRAM.index, size: part.vram.size, is64: true, prefetchable: true },
    MSIX: { ...bellBars.MSIX, ...narrow },
  };
}

export abstract class BellFunction extends PciFunction {
  protected readonly part: Part;
  protected readonly own: PartFunction;
  protected readonly registers: RegisterFile<typeof bellRegisters.rows>;

  protected constructor(host: DeviceHost, identity: Identity, part: Part, own: PartFunction) {
    super(host, identity);
    this.part = part;
    this.own = own;
    this.registers = this.functionRegisters();
    own.ports = {
      bus: this.bus,
      enabled: () => extract(CONTROL.bits.ENABLE, this.registers.get('CONTROL')) === 1,
      watchdogNs: () => this.watchdogNs(),
      signal: (vector) => {
        this.signal(vector);
      },
      register: (offset, value) => {
        this.registers.write(offset, 4, value);
      },
    };
  }

  /** What the whole part has done. */
  get counts(): BellCounts {
    return this.part.counts;
  }

  protected watchdogNs(): number {
    return extract(WATCHDOG.bits.MICROSECONDS, this.registers.get('WATCHDOG')) * NS_PER_US;
  }

  // ------------------------------------------------------------------------------ BARs

  /** @param msixAt  where its MSI-X capability stands. @param more  further regions of BAR0. */
  protected addBars(msixAt: number, more: readonly BarRegion[] = []): void {
    const { REGISTERS, DOORBELLS, VRAM, MSIX } = barsOf(this.part);
    const { own } = this;
    this.addBar({
      ...REGISTERS,
      regions: [this.functionRegion(), this.channelRegion(), ...more],
      unclaimed: (offset) => {
        this.reserved(offset);
      },
    });
    this.addBar({ ...DOORBELLS, regions: [this.doorbellRegion()] });
    this.addBar({
      ...VRAM,
      get memory() {
        return own.window;
      },
    });
    const { table, pending } = msixLayout;
    this.addBar({ ...MSIX, regions: this.addMsix(msixAt, VECTORS, MSIX.index, table, pending) });
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
    const { channels } = this.part;
    return {
      base,
      size: channels.length * stride,
      widths: ALL_WIDTHS,
      read: (offset, width) => {
        const number = this.channelNumber(Math.floor(offset / stride));
        return number < 0
          ? allOnes(width)
          : channels[number].registers.read(offset % stride, width);
      },
      write: (offset, width, value) => {
        const number = this.channelNumber(Math.floor(offset / stride));
        if (number < 0 || !channels[number].write(offset % stride, width, value)) {
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
      read: (offset, width) =>
        offset % PAGE_BYTES === TAIL.offset && this.channelNumber(offset / PAGE_BYTES) >= 0
          ? 0
          : allOnes(width),
      write: (offset, _width, value) => {
        const number = this.channelNumber(Math.floor(offset / PAGE_BYTES));
        if (offset % PAGE_BYTES === TAIL.offset && number >= 0) {
          this.part.scheduler.doorbell(number, value >>> 0);
        }
      },
    };
  }

  /** The part's number of the function's channel `own`; -1: it has not that many. */
  private channelNumber(own: number): number {
    const { firstChannel, channels } = this.own.share;
    return own < channels ? firstChannel + own : -1;
  }

  // ------------------------------------------------------------------------------ registers

  private functionRegisters(): RegisterFile<typeof bellRegisters.rows> {
    const { part, own } = this;
    return new RegisterFile(bellRegisters, {
      CAPS: {
        read: () =>
          (CAPS.reset & ~CAPS.bits.CHANNELS.mask) | place(CAPS.bits.CHANNELS, own.share.channels),
      },
      VRAM_PAGES: { read: () => own.share.pages },
      CONTROL: {
        write: () => {
          part.scheduler.run();
        },
      },
      RESET: {
        write: (written) => {
          if ((written & RESET.bits.RESET.mask) !== 0) {
            this.host.trace.event('reset', -1, 0);
            this.resetRegisters();
          }
        },
      },
      STATUS: { read: () => (part.scheduler.isBusy(own) ? STATUS.bits.BUSY.mask : 0) },
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
    const { firstChannel, channels } = this.own.share;
    if ((written & ALL.mask) !== 0) {
      this.part.mmu.invalidate(firstChannel, channels);
      return;
    }
    const number = this.channelNumber(extract(CHANNEL, written));
    if (number >= 0) {
      this.part.mmu.invalidate(number, 1);
    }
  }

  private flip(): void {
    const { registers, counts } = this;
    const { display, trace } = this.host;
    flip({ registers, vram: this.own.window, display, trace, counts });
  }

  /** A write in BAR0 that no register takes. */
  protected reserved(offset: number): void {
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

  /** RESET: the function's channels and registers. Other functions do not notice. */
  protected resetRegisters(): void {
    this.part.resetFunction(this.own);
    this.registers.reset();
    this.part.scheduler.run();
  }
}
