/** How a function is told what messages to send: its MSI capability, or its MSI-X table (PCIe 6.0 §7.7). */
import {
  capabilityIds,
  extract,
  msiCapability,
  msixCapability,
  msixEntry,
  type IrqMessage,
  type PciEndpoint,
} from '@doorbell/abi';
import { findCapability } from './pci-function.ts';

export type MessageKind = 'MSI' | 'MSIX';

const MSI = msiCapability.rows;
const MSIX = msixCapability.rows;
const ENTRY = msixEntry.rows;
const HIGH = 2 ** 32;

export class FunctionMessages {
  private readonly endpoint: PciEndpoint;
  /** Where the capabilities are; 0: the function lacks them. */
  private readonly msi: number;
  private readonly msix: number;

  constructor(endpoint: PciEndpoint) {
    this.endpoint = endpoint;
    this.msi = findCapability(endpoint, capabilityIds.MSI);
    this.msix = findCapability(endpoint, capabilityIds.MSIX);
  }

  /** How many it has. Of MSI one is used. */
  count(kind: MessageKind): number {
    if (kind === 'MSI') {
      return this.msi === 0 ? 0 : 1;
    }
    const control = this.msix + MSIX.CONTROL.offset;
    return this.msix === 0
      ? 0
      : extract(MSIX.CONTROL.bits.TABLE_SIZE, this.endpoint.configRead(control, 2)) + 1;
  }

  /** Where the MSI-X table lies. Undefined when there is none. */
  get table():
    { readonly bar: number; readonly offset: number; readonly size: number } | undefined {
    if (this.msix === 0) {
      return undefined;
    }
    const where = this.endpoint.configRead(this.msix + MSIX.TABLE.offset, 4);
    const size = this.count('MSIX') * msixEntry.size;
    return { bar: extract(MSIX.TABLE.bits.BIR, where), offset: (where & ~7) >>> 0, size };
  }

  /** Gives a vector its message; undefined masks it, which MSI has no way to. */
  program(kind: MessageKind, vector: number, message: IrqMessage | undefined): void {
    if (kind === 'MSIX') {
      this.programEntry(vector, message);
    } else if (message !== undefined) {
      const { endpoint, msi } = this;
      endpoint.configWrite(msi + MSI.ADDRESS_LO.offset, 4, message.address % HIGH);
      endpoint.configWrite(msi + MSI.ADDRESS_HI.offset, 4, Math.floor(message.address / HIGH));
      endpoint.configWrite(msi + MSI.DATA.offset, 2, message.data);
    }
  }

  enable(kind: MessageKind, on: boolean): void {
    const { endpoint } = this;
    const { CONTROL } = kind === 'MSI' ? MSI : MSIX;
    const at = (kind === 'MSI' ? this.msi : this.msix) + CONTROL.offset;
    const { mask } = CONTROL.bits.ENABLE;
    const control = endpoint.configRead(at, 2);
    endpoint.configWrite(at, 2, on ? control | mask : control & ~mask);
  }

  private programEntry(vector: number, message: IrqMessage | undefined): void {
    const { table, endpoint } = this;
    if (table === undefined) {
      return;
    }
    const at = table.offset + vector * msixEntry.size;
    const write = (row: { readonly offset: number }, value: number): void => {
      endpoint.barWrite(table.bar, at + row.offset, 4, value);
    };
    // Masked while it is changed: the function may never see half an address.
    write(ENTRY.CONTROL, ENTRY.CONTROL.bits.MASK.mask);
    if (message !== undefined) {
      write(ENTRY.ADDRESS_LO, message.address % HIGH);
      write(ENTRY.ADDRESS_HI, Math.floor(message.address / HIGH));
      write(ENTRY.DATA, message.data);
      write(ENTRY.CONTROL, 0);
    }
  }
}
