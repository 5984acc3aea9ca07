/**
 * MSI-X (PCIe 6.0 §6.1.4): an interrupt is a memory write by the device. A table in one of its
 * BARs says, for each vector, where to write and what.
 */
import {
  accessors,
  capabilityIds,
  extract,
  type Mmio,
  msixCapability,
  msixEntry,
  type PciDevice,
} from '@doorbell/abi';
import { findCapability, ProbeError } from './pci.ts';

const { CONTROL, TABLE } = msixCapability.rows;

export class Msix {
  readonly vectors: number;
  private readonly device: PciDevice;
  private readonly capability: number;
  private readonly table: Mmio;
  /** Where the table begins in its BAR. */
  private readonly base: number;

  /** Looks where the table is; changes nothing. @throws ProbeError */
  constructor(device: PciDevice) {
    const { config } = device;
    this.device = device;
    this.capability = findCapability(config, capabilityIds.MSIX);
    const where = config.read(this.capability + TABLE.offset, 4);
    const control = config.read(this.capability + CONTROL.offset, 2);
    this.vectors = extract(CONTROL.bits.TABLE_SIZE, control) + 1;
    this.table = device.mapBar(extract(TABLE.bits.BIR, where));
    this.base = where & TABLE.bits.OFFSET.mask;
    if (this.base + this.vectors * msixEntry.size > this.table.size) {
      throw new ProbeError('The MSI-X table reaches beyond its BAR.');
    }
  }

  /** Makes the function send MSI-X messages in place of raising INTx. Returns the undo. */
  enable(): () => void {
    const { ENABLE, FUNCTION_MASK } = CONTROL.bits;
    this.control(ENABLE.mask | FUNCTION_MASK.mask, ENABLE.mask);
    return () => {
      this.control(ENABLE.mask, 0);
    };
  }

  /** Clears and sets bits of message control. */
  private control(clear: number, set: number): void {
    const { config } = this.device;
    const at = this.capability + CONTROL.offset;
    config.write(at, 2, (config.read(at, 2) & ~clear) | set);
  }

  /** Runs `handler` for a vector. Returns the undo. */
  route(vector: number, handler: () => void): () => void {
    if (vector >= this.vectors) {
      throw new ProbeError(`The function has ${this.vectors} vectors, and none is ${vector}.`);
    }
    const { irq } = this.device;
    const entry = accessors(msixEntry, this.table, this.base + vector * msixEntry.size);
    const message = irq.request(handler);
    // A masked entry may be changed: one that is not could send half an old message (§6.1.4.2).
    entry.CONTROL.write(1);
    entry.ADDRESS_LO.write(message.address % 2 ** 32);
    entry.ADDRESS_HI.write(Math.floor(message.address / 2 ** 32));
    entry.DATA.write(message.data);
    entry.CONTROL.write(0);
    return () => {
      entry.CONTROL.write(1);
      entry.ADDRESS_LO.write(0);
      entry.ADDRESS_HI.write(0);
      entry.DATA.write(0);
      irq.release(message);
    };
  }
}
