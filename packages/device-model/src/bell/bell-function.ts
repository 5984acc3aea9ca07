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
  leakyRegisters,
  msixLayout,
  PAGE_BYTES,
  type RegisterFile,
  VECTORS,
} from '@doorbell/abi';
import type { BarRegion } from '../bar.ts';
import type { Identity } from '../configured-function.ts';
import { PciFunction } from '../pci-function.ts';
import type { BellCounts } from './counts.ts';
import { ALL_WIDTHS, FunctionRegisters } from './function-registers.ts';
import type { Part } from './part.ts';
import type { PartFunction } from './part-function.ts';
import { flip } from './scanout.ts';

const { WATCHDOG } = bellRegisters.rows;
const NS_PER_US = 1000;

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
  private readonly functionRegisters: FunctionRegisters;

  protected constructor(host: DeviceHost, identity: Identity, part: Part, own: PartFunction) {
    super(host, identity);
    this.part = part;
    this.own = own;
    this.functionRegisters = this.newRegisters();
    own.ports = {
      bus: this.bus,
      enabled: () => this.functionRegisters.isEnabled,
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

  protected get registers(): RegisterFile<typeof bellRegisters.rows> {
    return this.functionRegisters.file;
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
      regions: [this.functionRegisters.region(), this.channelRegion(), ...more],
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
        this.channelNumber(Math.floor(offset / PAGE_BYTES)) >= 0
          ? this.readDoorbellPage(offset % PAGE_BYTES, width)
          : allOnes(width),
      write: (offset, _width, value) => {
        const number = this.channelNumber(Math.floor(offset / PAGE_BYTES));
        if (offset % PAGE_BYTES === TAIL.offset && number >= 0) {
          this.part.scheduler.doorbell(number, value >>> 0);
        }
      },
    };
  }

  private readDoorbellPage(at: number, width: AccessWidth): number {
    const { lastWord } = this.part;
    if (at === doorbellRegisters.rows.TAIL.offset) {
      return 0;
    }
    return at === leakyRegisters.rows.LAST_WORD.offset && lastWord.present
      ? lastWord.value
      : allOnes(width);
  }

  /** The part's number of the function's channel `own`; -1: it has not that many. */
  private channelNumber(own: number): number {
    const { firstChannel, channels } = this.own.share;
    return own < channels ? firstChannel + own : -1;
  }

  // ------------------------------------------------------------------------------ registers

  private newRegisters(): FunctionRegisters {
    const { part, own } = this;
    return new FunctionRegisters(this.host, {
      channels: () => own.share.channels,
      vramPages: () => own.share.pages,
      isBusy: () => part.scheduler.isBusy(own),
      control: () => {
        part.scheduler.functionChanged(own);
      },
      reset: () => {
        this.resetRegisters();
      },
      invalidate: (channel) => {
        this.invalidate(channel);
      },
      flip: () => {
        this.flip();
      },
      signal: (vector) => {
        this.signal(vector);
      },
    });
  }

  /** @param channel  the function's own number of it. undefined: all that it has. */
  private invalidate(channel: number | undefined): void {
    if (channel === undefined) {
      const { firstChannel, channels } = this.own.share;
      this.part.mmu.invalidate(firstChannel, channels);
      return;
    }
    const number = this.channelNumber(channel);
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
    this.functionRegisters.reserved(offset);
  }

  /** RESET: the function's channels and registers. Other functions do not notice. */
  protected resetRegisters(): void {
    this.part.resetFunction(this.own);
    this.registers.reset();
    this.part.scheduler.functionChanged(this.own);
  }
}
