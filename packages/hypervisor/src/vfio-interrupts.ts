/**
 * Interrupts of a function that a user has: vfio-pci programs the function with messages of the
 * host, and calls the user's trigger (an eventfd) when one arrives
 * (drivers/vfio/pci/vfio_pci_intrs.c). One kind at a time: INTx, MSI or MSI-X.
 */
import {
  capabilityIds,
  extract,
  msiCapability,
  msixCapability,
  msixEntry,
  type IrqMessage,
  type PciEndpoint,
  type0Header,
} from '@doorbell/abi';
import { VfioError } from './errno.ts';
import type { HostIrq } from './message-router.ts';
import { findCapability } from './pci-function.ts';

export type Trigger = () => void;

/** VFIO_PCI_*_IRQ_INDEX. */
export const irqIndexes = { INTX: 0, MSI: 1, MSIX: 2 } as const;

const COMMAND = type0Header.rows.COMMAND;
const MSI = msiCapability.rows;
const MSIX = msixCapability.rows;
const ENTRY = msixEntry.rows;

export interface VfioInterruptsState {
  readonly active: number;
  readonly vectors: readonly (readonly [number, IrqMessage])[];
  readonly hasLine: boolean;
}

export class VfioInterrupts {
  private readonly endpoint: PciEndpoint;
  private readonly host: HostIrq;
  private readonly msi: number;
  private readonly msix: number;
  /** Which index is in use; -1 for none. */
  private active = -1;
  /** Messages of the host, by vector. */
  private readonly vectors = new Map<number, IrqMessage>();
  private hasLine = false;

  constructor(endpoint: PciEndpoint, host: HostIrq) {
    this.endpoint = endpoint;
    this.host = host;
    this.msi = findCapability(endpoint, capabilityIds.MSI);
    this.msix = findCapability(endpoint, capabilityIds.MSIX);
  }

  /** VFIO_DEVICE_GET_IRQ_INFO: how many there are; 0 when the function lacks the kind. */
  count(index: number): number {
    switch (index) {
      case irqIndexes.INTX:
        return this.endpoint.configRead(type0Header.rows.INTERRUPT_PIN.offset, 1) === 0 ? 0 : 1;
      case irqIndexes.MSI:
        return this.msi === 0 ? 0 : 1;
      case irqIndexes.MSIX:
        return this.msix === 0 ? 0 : extract(MSIX.CONTROL.bits.TABLE_SIZE, this.readMsix()) + 1;
      default:
        throw new VfioError('EINVAL', `There is no interrupt index ${index}.`);
    }
  }

  /**
   * VFIO_DEVICE_SET_IRQS: what vectors from `start` on call; undefined for nothing. An empty list
   * turns the kind off. @throws VfioError EINVAL beyond the count, or while another kind is on.
   */
  set(index: number, start: number, triggers: readonly (Trigger | undefined)[]): void {
    if (!(start >= 0) || start + triggers.length > this.count(index)) {
      throw new VfioError(
        'EINVAL',
        `Interrupt index ${index} has ${this.count(index)} vectors, not ${start + triggers.length}.`,
      );
    }
    if (this.active >= 0 && this.active !== index) {
      throw new VfioError(
        'EINVAL',
        `Interrupt index ${index} cannot be used while index ${this.active} is.`,
      );
    }
    if (triggers.length === 0) {
      this.disable();
      return;
    }
    this.active = index;
    triggers.forEach((trigger, offset) => {
      if (index === irqIndexes.INTX) {
        this.setLine(trigger);
      } else {
        this.setVector(start + offset, trigger);
      }
    });
    this.setEnabled(true);
  }

  /** Whether the vector has a trigger. */
  has(vector: number): boolean {
    return this.vectors.has(vector);
  }

  /** VFIO_IRQ_SET_ACTION_UNMASK: INTx masks itself each time it triggers. */
  unmaskLine(): void {
    this.maskLine(false);
  }

  /** Turns the kind that is on off, and gives the host's messages back. */
  disable(): void {
    if (this.active < 0) {
      return;
    }
    this.setEnabled(false);
    for (const vector of [...this.vectors.keys()]) {
      this.setVector(vector, undefined);
    }
    this.setLine(undefined);
    this.active = -1;
  }

  /** Programs the function again, after a reset. */
  restore(): void {
    for (const [vector, message] of this.vectors) {
      this.program(vector, message);
    }
    if (this.active >= 0) {
      this.setEnabled(true);
    }
  }

  /** Where the MSI-X table lies: the user may not reach it. Undefined when there is none. */
  get table():
    { readonly bar: number; readonly offset: number; readonly size: number } | undefined {
    if (this.msix === 0) {
      return undefined;
    }
    const where = this.endpoint.configRead(this.msix + MSIX.TABLE.offset, 4);
    const size = this.count(irqIndexes.MSIX) * msixEntry.size;
    return { bar: extract(MSIX.TABLE.bits.BIR, where), offset: (where & ~7) >>> 0, size };
  }

  private setVector(vector: number, trigger: Trigger | undefined): void {
    const old = this.vectors.get(vector);
    if (old !== undefined) {
      this.vectors.delete(vector);
      this.program(vector, undefined);
      this.host.release(old);
    }
    if (trigger !== undefined) {
      const message = this.host.request(trigger);
      this.vectors.set(vector, message);
      this.program(vector, message);
    }
  }

  /** Writes a vector's message into the function; undefined masks it. */
  private program(vector: number, message: IrqMessage | undefined): void {
    if (this.active === irqIndexes.MSI) {
      this.programMsi(message);
      return;
    }
    const { endpoint } = this;
    const { table } = this;
    if (table === undefined) {
      return;
    }
    const at = table.offset + vector * msixEntry.size;
    const write = (row: { readonly offset: number }, value: number): void =>
      endpoint.barWrite(table.bar, at + row.offset, 4, value);
    // Masked while it is changed: the function may never see half an address.
    write(ENTRY.CONTROL, ENTRY.CONTROL.bits.MASK.mask);
    if (message !== undefined) {
      write(ENTRY.ADDRESS_LO, message.address % 2 ** 32);
      write(ENTRY.ADDRESS_HI, Math.floor(message.address / 2 ** 32));
      write(ENTRY.DATA, message.data);
      write(ENTRY.CONTROL, 0);
    }
  }

  private programMsi(message: IrqMessage | undefined): void {
    if (message === undefined) {
      return;
    }
    const { endpoint } = this;
    endpoint.configWrite(this.msi + MSI.ADDRESS_LO.offset, 4, message.address % 2 ** 32);
    endpoint.configWrite(
      this.msi + MSI.ADDRESS_HI.offset,
      4,
      Math.floor(message.address / 2 ** 32),
    );
    endpoint.configWrite(this.msi + MSI.DATA.offset, 2, message.data);
  }

  private setEnabled(on: boolean): void {
    const { endpoint } = this;
    if (this.active === irqIndexes.MSIX) {
      const { mask } = MSIX.CONTROL.bits.ENABLE;
      endpoint.configWrite(
        this.msix + MSIX.CONTROL.offset,
        2,
        on ? this.readMsix() | mask : this.readMsix() & ~mask,
      );
    } else if (this.active === irqIndexes.MSI) {
      const at = this.msi + MSI.CONTROL.offset;
      const { mask } = MSI.CONTROL.bits.ENABLE;
      const control = endpoint.configRead(at, 2);
      endpoint.configWrite(at, 2, on ? control | mask : control & ~mask);
    }
  }

  private readMsix(): number {
    return this.endpoint.configRead(this.msix + MSIX.CONTROL.offset, 2);
  }

  private setLine(trigger: Trigger | undefined): void {
    if (this.hasLine) {
      this.hasLine = false;
      this.host.releaseLine();
    }
    if (trigger !== undefined) {
      this.maskLine(false);
      this.connectLine(trigger);
    }
  }

  private connectLine(trigger: Trigger): void {
    this.hasLine = true;
    this.host.requestLine(() => {
      // Level-triggered: masked until the user has served it (VFIO_IRQ_INFO_AUTOMASKED).
      this.maskLine(true);
      trigger();
    });
  }

  private maskLine(masked: boolean): void {
    const { endpoint } = this;
    const { mask } = COMMAND.bits.INTX_DISABLE;
    const command = endpoint.configRead(COMMAND.offset, 2);
    endpoint.configWrite(COMMAND.offset, 2, masked ? command | mask : command & ~mask);
  }

  save(): VfioInterruptsState {
    return { active: this.active, vectors: [...this.vectors], hasLine: this.hasLine };
  }

  /** The function and the host's interrupts are loaded first. `triggerOf` makes the triggers again. */
  load(state: VfioInterruptsState, triggerOf: (vector: number) => Trigger): void {
    this.active = state.active;
    this.vectors.clear();
    for (const [vector, message] of state.vectors) {
      this.vectors.set(vector, message);
      this.host.adopt(message, triggerOf(vector));
    }
    if (this.hasLine) {
      this.hasLine = false;
      this.host.releaseLine();
    }
    if (state.hasLine) {
      this.connectLine(triggerOf(0));
    }
  }
}
