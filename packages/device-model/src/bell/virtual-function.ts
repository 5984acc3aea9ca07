/**
 * A virtual function of bell (PCI Express Base 6.0 §9.3.4): its configuration space has no ids
 * and no BARs of its own, and whether it decodes is for the physical function to say.
 */
import {
  type AccessWidth,
  allOnes,
  ariCapability,
  bellIds,
  type DeviceHost,
  type Stateful,
} from '@doorbell/abi';
import { type FunctionState } from '../pci-function.ts';
import { BellFunction } from './bell-function.ts';
import type { Part } from './part.ts';
import type { PartFunction } from './part-function.ts';

/** Where the capabilities stand. */
const capabilities = { MSIX: 0x50, PCIE: 0x60, ARI: 0x100 } as const;
/** What the ids read: a bus that is scanned finds nothing there (§9.3.4.1.1). */
const NO_ID = 0xffff;

/** What a virtual function asks its physical one. */
export interface PhysicalSide {
  /** VF_ENABLE and VF_MSE. */
  readonly decodes: () => boolean;
  /** WATCHDOG of the physical function, in nanoseconds. */
  readonly watchdogNs: () => number;
}

export interface BellVfState {
  readonly pci: FunctionState;
  readonly registers: Uint32Array;
}

export class BellVirtualFunction extends BellFunction implements Stateful<BellVfState> {
  private readonly physical: PhysicalSide;

  constructor(host: DeviceHost, part: Part, own: PartFunction, physical: PhysicalSide) {
    super(host, { ...bellIds, vendor: NO_ID, device: NO_ID }, part, own);
    this.physical = physical;
    this.beVirtual();
    this.addBars(capabilities.MSIX);
    this.addPcie(capabilities.PCIE);
    this.config.addExtended(ariCapability, capabilities.ARI);
    this.updateDecode();
  }

  protected override decodesMemory(): boolean {
    return this.own.alive && this.physical.decodes();
  }

  /** The physical function's watchdog is the most that a virtual one's may be. */
  protected override watchdogNs(): number {
    return Math.min(super.watchdogNs(), this.physical.watchdogNs());
  }

  /** A function that was turned off is not there. */
  override configRead(offset: number, width: AccessWidth): number {
    return this.own.alive ? super.configRead(offset, width) : allOnes(width);
  }

  override configWrite(offset: number, width: AccessWidth, value: number): void {
    if (this.own.alive) {
      super.configWrite(offset, width, value);
    }
  }

  onTimer(): void {
    // Engines and their time are the part's.
  }

  /** Function-level reset: who has the function next finds nothing of who had it before. */
  protected onReset(): void {
    // What a function had that is gone belongs to others by now.
    if (this.own.alive) {
      this.resetRegisters();
      this.part.erase(this.own);
    }
  }

  save(): BellVfState {
    return { pci: this.saveFunction(), registers: this.registers.save() };
  }

  /** The physical function is loaded first. */
  load(state: BellVfState): void {
    this.registers.load(state.registers);
    this.loadFunction(state.pci);
  }
}
