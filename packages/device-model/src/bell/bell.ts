/**
 * bell, the GPU of the datasheet (docs/reference/bell.md), by its physical function: the part,
 * and with SR-IOV its virtual functions.
 */
import { ariCapability, bellIds, type DeviceHost, type Stateful, TOTAL_VFS } from '@doorbell/abi';
import { FUNCTION_ACS } from '../configured-function.ts';
import type { FunctionState } from '../pci-function.ts';
import { Sriov } from '../sriov.ts';
import { barsOf, BellFunction } from './bell-function.ts';
import type { EngineTime } from './engine-time.ts';
import { Part, type PartState, wholePart } from './part.ts';
import { Quotas } from './quotas.ts';
import type { EngineRates } from './rates.ts';
import { BellVirtualFunction } from './virtual-function.ts';

/** Where the capabilities stand. */
/** Where they stand. */
export const bellCapabilities = {
  ...{ PM: 0x40, MSIX: 0x50, PCIE: 0x60 },
  ...{ SERIAL: 0x100, ACS: 0x110, ARI: 0x118, SRIOV: 0x120 },
} as const;
/** The high half of every bell's serial number. */
const SERIAL_HIGH = 0xbe110000;

export interface BellOptions {
  /** A power of two of at least 4096. Default: 256 MiB. */
  readonly vramBytes?: number;
  /** The low half of the serial number. Default: 1. */
  readonly serial?: number;
  /** Whether it has virtual functions. Default: no. */
  readonly sriov?: boolean;
  /** Its board has more functions. Default: no. */
  readonly multifunction?: boolean;
  /** Has access control services towards them. Default: no. */
  readonly acs?: boolean;
  /** Has the register that shows everybody the last word that anybody moved. Default: no; no part that is sold has it. */
  readonly leakyRegister?: boolean;
}

export interface BellState extends PartState {
  readonly pci: FunctionState;
  readonly registers: Uint32Array;
  readonly quotas: readonly Uint32Array[];
  readonly lastWord: number;
}

export class Bell extends BellFunction implements Stateful<BellState> {
  private readonly quotas: Quotas;
  private readonly sriov: Sriov | undefined;

  constructor(host: DeviceHost, rates: EngineRates, options: BellOptions = {}) {
    const part = new Part(host, rates, options.vramBytes);
    const identity = { ...bellIds, multifunction: options.multifunction ?? false };
    super(host, identity, part, part.functions[0]);
    part.lastWord.present = options.leakyRegister ?? false;
    this.quotas = new Quotas({
      vramPages: this.vramPages,
      frozen: () => this.sriov?.enabled === true,
      physical: () => this.own.share,
    });
    const hasVfs = options.sriov === true;
    this.addPowerManagement(bellCapabilities.PM);
    this.addBars(bellCapabilities.MSIX, hasVfs ? [this.quotaRegion()] : []);
    this.addPcie(bellCapabilities.PCIE);
    this.addSerial(bellCapabilities.SERIAL, options.serial ?? 1, SERIAL_HIGH);
    if (options.acs === true) {
      this.addAcs(bellCapabilities.ACS, FUNCTION_ACS);
    }
    if (hasVfs) {
      this.config.addExtended(ariCapability, bellCapabilities.ARI);
    }
    this.sriov = hasVfs ? this.newSriov() : undefined;
  }

  /** Makes the part one that has the register of `leakyRegister`. */
  addLeakyRegister(): void {
    this.part.lastWord.present = true;
  }

  /** Of the whole part. */
  get vramPages(): number {
    return wholePart(this.part.vram.size).pages;
  }

  /**
   * The host has loaded a scheduler: `time` says whose packets run, and `tenantOf` who a channel of the
   * part works for, which is asked when the channel is turned on. Nothing runs yet.
   */
  share(time: EngineTime, tenantOf: (channel: number) => number): void {
    this.part.share(time, tenantOf);
  }

  private quotaRegion(): ReturnType<Quotas['region']> {
    return this.quotas.region((offset) => {
      this.reserved(offset);
    });
  }

  private newSriov(): Sriov {
    const { part } = this;
    const shape = {
      totalVfs: TOTAL_VFS,
      deviceId: bellIds.device,
      bars: Object.values(barsOf(part)),
    };
    return new Sriov(this.config, bellCapabilities.SRIOV, shape, {
      enable: (count) => this.divide(count),
      disable: () => {
        this.divide(0);
      },
      decodeChanged: () => {
        this.vfs.forEach((vf) => {
          vf.updateDecode();
        });
        this.host.decodeChanged();
      },
    });
  }

  private vfs: BellVirtualFunction[] = [];

  /** False, and nothing changes: the quotas do not fit. */
  private divide(count: number): boolean {
    const { part } = this;
    const shares = count === 0 ? [wholePart(part.vram.size)] : this.quotas.shares(count);
    if (shares === undefined) {
      return false;
    }
    const gone = this.vfs;
    this.vfs = [];
    part.divide(shares);
    gone.forEach((vf) => {
      vf.updateDecode();
    });
    return true;
  }

  /**
   * Virtual function `index`, from 1 on, which is there since VF_ENABLE was set; `host` is its own.
   * @throws RangeError when it is not there.
   */
  virtualFunction(index: number, host: DeviceHost): BellVirtualFunction {
    const { part, sriov } = this;
    const own = part.functions.at(index);
    if (sriov === undefined || own === undefined || index < 1) {
      throw new RangeError(`The bell has no virtual function ${index} now.`);
    }
    const vf = new BellVirtualFunction(host, part, own, {
      decodes: () => sriov.decodes,
      watchdogNs: () => this.watchdogNs(),
    });
    this.vfs.push(vf);
    return vf;
  }

  onTimer(id: number): void {
    this.part.scheduler.onTimer(id);
  }

  /** Function-level reset. VRAM keeps its contents; virtual functions are gone (§9.2.2.2). */
  protected onReset(): void {
    if (this.sriov !== undefined) {
      this.sriov.settle();
      this.divide(0);
      this.quotas.reset();
    }
    this.resetRegisters();
  }

  save(): BellState {
    return {
      pci: this.saveFunction(),
      registers: this.registers.save(),
      quotas: this.quotas.save(),
      lastWord: this.part.lastWord.save(),
      ...this.part.save(),
    };
  }

  load(state: BellState): void {
    this.loadFunction(state.pci);
    this.registers.load(state.registers);
    this.quotas.load(state.quotas);
    this.part.lastWord.load(state.lastWord);
    this.sriov?.settle();
    const count = this.sriov?.enabled === true ? this.sriov.numVfs : 0;
    const shares = count === 0 ? undefined : this.quotas.shares(count);
    this.part.load(state, shares);
  }
}
