/**
 * A driver of edu, the device of `docs/reference/edu.md`. It finds its device, and lets go of it
 * again. The rules of each call are at the declaration of `EduDriver`, in `@doorbell/coursework`.
 */
import {
  accessors,
  eduBars,
  eduIds,
  eduRegisters,
  headerRows,
  type Accessors,
  type PciDevice,
} from '@doorbell/abi';
import type { EduDriver } from '@doorbell/coursework';

const { VENDOR_ID, DEVICE_ID, COMMAND } = headerRows;

export class Edu implements EduDriver {
  private readonly device: PciDevice;
  private readonly registers: Accessors<typeof eduRegisters.rows>;

  constructor(device: PciDevice) {
    this.device = device;
    const { config } = device;
    const vendor = config.read(VENDOR_ID.offset, 2);
    const id = config.read(DEVICE_ID.offset, 2);
    if (vendor !== eduIds.vendor || id !== eduIds.device) {
      throw new Error(`${vendor.toString(16)}:${id.toString(16)} is no edu.`);
    }
    // Until it decodes its BAR, its registers are nowhere.
    config.write(COMMAND.offset, 2, config.read(COMMAND.offset, 2) | COMMAND.bits.MEMORY.mask);
    this.registers = accessors(eduRegisters, device.mapBar(eduBars.REGISTERS.index));
  }

  async factorial(n: number): Promise<number> {
    throw new Error(`${n}! is not computed yet; ID is ${this.registers.ID.read()}.`);
  }

  async write(offset: number, bytes: Uint8Array): Promise<void> {
    throw new Error(`Putting ${bytes.length} bytes at ${offset} is not written yet.`);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    throw new Error(`Getting ${into.length} bytes at ${offset} is not written yet.`);
  }

  remove(): void {
    const { config } = this.device;
    config.write(COMMAND.offset, 2, config.read(COMMAND.offset, 2) & ~COMMAND.bits.MEMORY.mask);
  }
}
