/**
 * A PCI Express function: what every device here shares. It answers configuration accesses,
 * decodes its BARs as the command register says, keeps DMA and messages back while it is not a
 * bus master, signals interrupts, and resets. A device adds its BARs, its capabilities and its
 * registers in its constructor.
 */
import {
  type AccessWidth,
  allOnes,
  BAR_COUNT,
  barOffset,
  type BusMaster,
  type DeviceHost,
  extract,
  type MemoryBacking,
  msiCapability,
  msixCapability,
  pcieCapability,
  type PciEndpoint,
  pmCapability,
  serialCapability,
  type0Header,
} from '@doorbell/abi';
import { type Bar, type BarRegion, readBar, writeBar } from './bar.ts';
import { ConfigSpace, type Overrides } from './config-space.ts';
import { Msix, type MsixState } from './msix.ts';

const { COMMAND, STATUS } = type0Header.rows;
const POWER_STATE = pmCapability.rows.PMCSR.bits.POWER_STATE;
const D3_HOT = 3;

/** What a function says of itself. */
export interface Identity {
  readonly vendor: number;
  readonly device: number;
  readonly revision: number;
  /** Base class 23:16, sub-class 15:8, programming interface 7:0. */
  readonly classCode: number;
  /** 1: INTA. Default: none. */
  readonly interruptPin?: 0 | 1;
  /** The board's; default zero. */
  readonly subsystemVendor?: number;
  readonly subsystem?: number;
}

export interface FunctionState {
  readonly config: Uint8Array;
  readonly msix: MsixState | undefined;
  /** What the device says of its INTx, and what the line shows. */
  readonly level: boolean;
  readonly line: boolean;
}

export abstract class PciFunction implements PciEndpoint {
  protected readonly host: DeviceHost;
  protected readonly config = new ConfigSpace();
  /** DMA, refused while the function is not a bus master. */
  protected readonly bus: BusMaster;
  private readonly bars: (Bar | undefined)[] = [];
  private readonly hasPin: boolean;
  /** Where the capabilities stand; 0: it has none. */
  private pm = 0;
  private msi = 0;
  private msix: Msix | undefined;
  /** Its BARs are in the capability of its physical function. */
  private isVirtual = false;
  private decodes = false;
  private level = false;
  private line = false;

  protected constructor(host: DeviceHost, identity: Identity) {
    this.host = host;
    this.hasPin = identity.interruptPin === 1;
    this.bus = this.gatedBus();
    this.config.install(type0Header, 0, {
      VENDOR_ID: identity.vendor,
      DEVICE_ID: identity.device,
      REVISION_ID: identity.revision,
      PROG_IF: identity.classCode & 0xff,
      SUBCLASS: (identity.classCode >>> 8) & 0xff,
      BASE_CLASS: identity.classCode >>> 16,
      SUBSYSTEM_VENDOR_ID: identity.subsystemVendor ?? 0,
      SUBSYSTEM_ID: identity.subsystem ?? 0,
      INTERRUPT_PIN: identity.interruptPin ?? 0,
    });
    for (let index = 0; index < BAR_COUNT; index++) {
      this.config.installBar(index, undefined);
      this.config.watch(barOffset(index), 4, (value, old) => {
        if (this.decodes && value !== old) {
          this.host.decodeChanged();
        }
      });
    }
    this.config.watch(COMMAND.offset, COMMAND.width, () => {
      this.updateDecode();
      this.updateLine();
      this.msix?.replayAll();
    });
  }

  /** Runs when a timer that the device armed is due. */
  abstract onTimer(id: number): void;

  /** Gives the device's own registers their reset values, and disarms its timers. */
  protected abstract onReset(): void;

  // ------------------------------------------------------------------------------ making one

  protected addBar(bar: Bar): void {
    this.bars[bar.index] = bar;
    if (!this.isVirtual) {
      this.config.installBar(bar.index, bar);
    }
  }

  /** Power management: D0 and D3hot (§5.3.1). */
  protected addPowerManagement(at: number): void {
    const { PMCSR } = pmCapability.rows;
    this.pm = at + PMCSR.offset;
    this.config.addCapability(pmCapability, at);
    this.config.watch(this.pm, PMCSR.width, (value, old) => {
      const state = extract(POWER_STATE, value);
      if (state !== 0 && state !== D3_HOT) {
        // A state that the function lacks: the write is dropped (§7.5.2.2).
        this.config.set(
          this.pm,
          PMCSR.width,
          (value & ~POWER_STATE.mask) | (old & POWER_STATE.mask),
        );
      }
      this.updateDecode();
      this.updateLine();
      this.msix?.replayAll();
    });
  }

  /** An endpoint's PCI Express capability. Function-level reset is there when it says so. */
  protected addPcie(at: number, values: Overrides<typeof pcieCapability.rows> = {}): void {
    const { DEVICE_CAPABILITIES, DEVICE_CONTROL, LINK_CONTROL } = pcieCapability.rows;
    const { ASPM, COMMON_CLOCK } = LINK_CONTROL.bits;
    const { config } = this;
    config.addCapability(pcieCapability, at, values);
    // These outlive a function-level reset (§6.6.2).
    config.keep(at + DEVICE_CONTROL.offset, 2, DEVICE_CONTROL.bits.MAX_PAYLOAD.mask);
    config.keep(at + LINK_CONTROL.offset, 2, ASPM.mask | COMMON_CLOCK.mask);
    const capabilities = config.get(at + DEVICE_CAPABILITIES.offset, 4);
    if ((capabilities & DEVICE_CAPABILITIES.bits.FLR.mask) !== 0) {
      config.watch(at + DEVICE_CONTROL.offset, 2, (_value, _old, written) => {
        if ((written & DEVICE_CONTROL.bits.FLR.mask) !== 0) {
          this.functionLevelReset();
        }
      });
    }
  }

  /** MSI with one vector. */
  protected addMsi(at: number): void {
    const { CONTROL } = msiCapability.rows;
    this.msi = at;
    this.config.addCapability(msiCapability, at);
    this.config.watch(at + CONTROL.offset, CONTROL.width, () => {
      this.updateLine();
    });
  }

  /** MSI-X, its table and pending bits in one BAR at these offsets. Gives the BAR's regions. */
  protected addMsix(
    at: number,
    vectors: number,
    bar: number,
    table: number,
    pending: number,
  ): readonly BarRegion[] {
    const { CONTROL } = msixCapability.rows;
    const msix = new Msix(vectors, (vector, address, data) =>
      this.sendMessage(vector, address, data),
    );
    this.msix = msix;
    this.config.addCapability(msixCapability, at, {
      CONTROL: vectors - 1,
      TABLE: table | bar,
      PENDING: pending | bar,
    });
    this.config.watch(at + CONTROL.offset, CONTROL.width, (value) => {
      msix.setControl(value);
      this.updateLine();
    });
    return [msix.tableRegion(table), msix.pendingRegion(pending)];
  }

  /** The device serial number, an EUI-64 in two halves. */
  protected addSerial(at: number, low: number, high: number): void {
    this.config.addExtended(serialCapability, at, { SERIAL_LO: low, SERIAL_HI: high });
  }

  // ------------------------------------------------------------------------------ interrupts

  /** Signals an interrupt by MSI-X or MSI, whichever is enabled; vectors count from 0. */
  protected signal(vector: number): void {
    if (this.msixEnabled()) {
      this.msix?.signal(vector);
    } else if (this.msiEnabled()) {
      this.sendMsi(vector);
    }
  }

  /** The level of INTx: shows in STATUS, and on the line unless messages are on or INTx is off. */
  protected setLevel(high: boolean): void {
    this.level = high;
    this.updateLine();
  }

  private updateLine(): void {
    const { config } = this;
    const status = config.get(STATUS.offset, 2) & ~STATUS.bits.INTERRUPT.mask;
    config.set(STATUS.offset, 2, status | (this.level ? STATUS.bits.INTERRUPT.mask : 0));
    const silent = this.command(COMMAND.bits.INTX_DISABLE.mask) || !this.powered();
    const messages = this.msiEnabled() || this.msixEnabled();
    const high = this.hasPin && this.level && !silent && !messages;
    if (high !== this.line) {
      this.line = high;
      if (high) {
        this.host.trace.event('interrupt', -1, 0);
      }
      this.host.line(high);
    }
  }

  protected msixEnabled(): boolean {
    return this.msix?.enabled === true;
  }

  private msiEnabled(): boolean {
    const { CONTROL } = msiCapability.rows;
    return (
      this.msi !== 0 &&
      (this.config.get(this.msi + CONTROL.offset, 2) & CONTROL.bits.ENABLE.mask) !== 0
    );
  }

  private sendMsi(vector: number): void {
    const { ADDRESS_LO, ADDRESS_HI, DATA } = msiCapability.rows;
    const { config, msi } = this;
    const high = config.get(msi + ADDRESS_HI.offset, 4);
    const low = config.get(msi + ADDRESS_LO.offset, 4);
    this.sendMessage(vector, high * 2 ** 32 + low, config.get(msi + DATA.offset, 2));
  }

  /**
   * A message is a memory write, so a function that is not a bus master sends none (§7.5.1.1.3).
   * Gives whether it was sent.
   */
  private sendMessage(vector: number, address: number, data: number): boolean {
    if (!this.masters()) {
      return false;
    }
    this.host.trace.event('interrupt', vector, data);
    this.host.message(address, data);
    return true;
  }

  // ------------------------------------------------------------------------------ gating

  private command(mask: number): boolean {
    return (this.config.get(COMMAND.offset, 2) & mask) !== 0;
  }

  private powered(): boolean {
    return this.pm === 0 || extract(POWER_STATE, this.config.get(this.pm, 2)) === 0;
  }

  /** Whether it may read and write memory, and send messages. */
  protected masters(): boolean {
    return this.command(COMMAND.bits.BUS_MASTER.mask) && this.powered();
  }

  /** Whether software has it decode its BARs. */
  protected decodesMemory(): boolean {
    return this.command(COMMAND.bits.MEMORY.mask);
  }

  /** A virtual function decodes as its physical one says, has no INTx, and no BARs (§9.3.4.1). */
  protected beVirtual(): void {
    const { MEMORY, INTX_DISABLE } = COMMAND.bits;
    this.config.hardwire(COMMAND.offset, COMMAND.width, MEMORY.mask | INTX_DISABLE.mask);
    this.isVirtual = true;
  }

  /** What it decodes has changed, perhaps. */
  updateDecode(): void {
    const decodes = this.decodesMemory() && this.powered();
    if (decodes !== this.decodes) {
      this.decodes = decodes;
      this.host.decodeChanged();
    }
  }

  private gatedBus(): BusMaster {
    const { bus } = this.host;
    return {
      read: (address, into) => {
        if (!this.masters()) {
          return false;
        }
        const done = bus.read(address, into);
        if (!done) {
          this.config.set(
            STATUS.offset,
            2,
            this.config.get(STATUS.offset, 2) | STATUS.bits.RECEIVED_MASTER_ABORT.mask,
          );
        }
        return done;
      },
      write: (address, bytes) => this.masters() && bus.write(address, bytes),
      takeLatency: () => bus.takeLatency(),
    };
  }

  // ------------------------------------------------------------------------------ the bus's side

  configRead(offset: number, width: AccessWidth): number {
    return this.config.read(offset, width);
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    this.config.write(offset, width, value);
  }

  barRead(bar: number, offset: number, width: AccessWidth): number {
    const found = this.bars[bar];
    return this.decodes && found !== undefined ? readBar(found, offset, width) : allOnes(width);
  }

  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    const found = this.bars[bar];
    if (this.decodes && found !== undefined) {
      writeBar(found, offset, width, value);
    }
  }

  /** Undefined, too, while the function does not decode its BARs. */
  barMemory(bar: number): MemoryBacking | undefined {
    return this.decodes ? this.bars[bar]?.memory : undefined;
  }

  // ------------------------------------------------------------------------------ reset and state

  /** §6.6.2: everything but what the link needs returns to its reset value, BARs and command too. */
  private functionLevelReset(): void {
    this.host.trace.event('reset', -1, 0);
    this.level = false;
    this.config.reset();
    this.msix?.reset();
    this.onReset();
    this.updateDecode();
    this.updateLine();
  }

  protected saveFunction(): FunctionState {
    return {
      config: this.config.save(),
      msix: this.msix?.save(),
      level: this.level,
      line: this.line,
    };
  }

  /** The host is not told: it restores what it derived from these by itself. */
  protected loadFunction(state: FunctionState): void {
    this.config.load(state.config);
    if (state.msix !== undefined) {
      this.msix?.load(state.msix);
    }
    this.level = state.level;
    this.line = state.line;
    this.decodes = this.decodesMemory() && this.powered();
  }
}
