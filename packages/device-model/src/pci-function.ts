/**
 * A PCI Express endpoint: what every device here shares. It decodes its BARs as the command
 * register says, keeps DMA and messages back while it is not a bus master, and signals
 * interrupts. A device adds its BARs, its capabilities and its registers in its constructor.
 */
import {
  type AccessWidth,
  allOnes,
  BAR_COUNT,
  barOffset,
  type BusMaster,
  type DeviceHost,
  type MemoryBacking,
  msiCapability,
  msixCapability,
  type0Header,
} from '@doorbell/abi';
import { type Bar, type BarRegion, readBar, writeBar } from './bar.ts';
import { ConfiguredFunction, headerValues, type Identity } from './configured-function.ts';
import { Msix, type MsixState } from './msix.ts';

const { COMMAND, INTERRUPT_LINE, STATUS } = type0Header.rows;

/** What an endpoint says of itself. */
export interface EndpointIdentity extends Identity {
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

export abstract class PciFunction extends ConfiguredFunction {
  /** DMA, refused while the function is not a bus master. */
  protected readonly bus: BusMaster;
  private readonly bars: (Bar | undefined)[] = [];
  private readonly hasPin: boolean;
  /** Where the capability stands; 0: it has none. */
  private msi = 0;
  private msix: Msix | undefined;
  /** Its BARs are in the capability of its physical function. */
  private isVirtual = false;
  private decodes = false;
  private level = false;
  private line = false;

  protected constructor(host: DeviceHost, identity: EndpointIdentity) {
    super(host);
    this.hasPin = identity.interruptPin === 1;
    this.bus = this.gatedBus();
    this.config.install(type0Header, 0, {
      ...headerValues(identity, 0),
      SUBSYSTEM_VENDOR_ID: identity.subsystemVendor ?? 0,
      SUBSYSTEM_ID: identity.subsystem ?? 0,
    });
    for (let index = 0; index < BAR_COUNT; index++) {
      this.config.installBar(index, undefined);
      this.config.watch(barOffset(index), 4, (value, old) => {
        if (this.decodes && value !== old) {
          this.host.decodeChanged();
        }
      });
    }
  }

  /** Gives the device's own registers their reset values, and disarms its timers. */
  protected abstract onReset(): void;

  // ------------------------------------------------------------------------------ making one

  protected addBar(bar: Bar): void {
    this.bars[bar.index] = bar;
    if (!this.isVirtual) {
      this.config.installBar(bar.index, bar);
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

  protected override onGate(): void {
    this.updateDecode();
    this.updateLine();
    this.msix?.replayAll();
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
    this.config.clearWires(COMMAND.offset, COMMAND.width, MEMORY.mask | INTX_DISABLE.mask);
    this.config.clearWires(INTERRUPT_LINE.offset, INTERRUPT_LINE.width, 0xff);
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

  protected override clearRest(): void {
    this.level = false;
    this.msix?.reset();
    this.onReset();
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
