/**
 * A PCI function for the tests of VFIO: BAR0 64 KiB, BAR2 64-bit prefetchable 64 MiB, BAR4
 * 16 KiB with an MSI-X table of 4; PM, MSI, MSI-X and PCIe capabilities; function-level reset.
 * Its configuration space is bytes and a mask of what may be written.
 */
import { bdf, type AccessWidth, type IrqMessage, type PciEndpoint } from '@doorbell/abi';
import { VfioError } from '../src/errno.ts';
import type { HostIrq } from '../src/message-router.ts';
import type { ResetBuses, ResetScope } from '../src/reset-scope.ts';

const PM = 0x40;
const MSI = 0x48;
const MSIX = 0x58;
const PCIE = 0x64;

export const GPU = bdf(1, 0, 0);
export const AUDIO = bdf(1, 0, 1);

/** All functions are on the root bus, which cannot be reset. */
export const rootBus: ResetBuses = { affected: () => undefined, reset: () => undefined };
const noReset = (): never => {
  throw new VfioError('ENODEV', 'There is no bus to reset.');
};
export const rootBusScope: ResetScope = {
  info: noReset,
  reset: noReset,
  resetUnused: () => undefined,
};

export class FakeFunction implements PciEndpoint {
  readonly bars = new Map<number, Map<number, number>>();
  /** Function-level resets. */
  resets = 0;
  private readonly values = new Uint8Array(4096);
  private readonly writable = new Uint8Array(4096);

  constructor(vendor = 0x1234, device = 0xbe11, headerType = 0) {
    this.set(0x00, vendor | (device << 16));
    this.set(0x04, 0x0010_0000, 0x0000_0406);
    this.set(0x0c, headerType << 16);
    this.set(0x10, 0xe000_0000, 0xffff_0000);
    this.set(0x18, 0x0000_000c, 0xfc00_0000);
    this.set(0x1c, 0x0000_0010, 0xffff_ffff);
    this.set(0x20, 0xe001_0000, 0xffff_c000);
    this.set(0x34, PM);
    this.set(0x3c, 0x0000_01ff, 0xff);
    this.set(PM, 0x0003_0001 | (MSI << 8));
    this.set(PM + 4, 8, 3);
    this.set(MSI, 0x0080_0005 | (MSIX << 8), 0x0071_0000);
    this.set(MSI + 4, 0, 0xffff_fffc);
    this.set(MSI + 8, 0, 0xffff_ffff);
    this.set(MSI + 12, 0, 0xffff);
    this.set(MSIX, 0x0003_0011 | (PCIE << 8), 0xc000_0000);
    this.set(MSIX + 4, 0x0000_0004);
    this.set(MSIX + 8, 0x0000_2004);
    this.set(PCIE, 0x0002_0010);
    this.set(PCIE + 4, 0x1000_8000);
    this.set(PCIE + 8, 0x2810, 0xffff);
  }

  configRead(offset: number, width: AccessWidth): number {
    let value = 0;
    for (let byte = 0; byte < width; byte++) {
      value += this.values[offset + byte] * 2 ** (8 * byte);
    }
    return value;
  }

  configWrite(offset: number, width: AccessWidth, value: number): void {
    for (let byte = 0; byte < width; byte++) {
      const mask = this.writable[offset + byte];
      const old = this.values[offset + byte];
      this.values[offset + byte] = (old & ~mask) | ((value >>> (8 * byte)) & mask);
    }
    if ((this.configRead(PCIE + 8, 2) & 0x8000) !== 0) {
      this.reset();
    }
  }

  barRead(bar: number, offset: number): number {
    return this.bars.get(bar)?.get(offset) ?? 0;
  }

  barWrite(bar: number, offset: number, _width: AccessWidth, value: number): void {
    const registers = this.bars.get(bar) ?? new Map<number, number>();
    this.bars.set(bar, registers.set(offset, value));
  }

  barMemory(): undefined {
    return undefined;
  }

  /** The four words of an entry of the MSI-X table. */
  msix(vector: number): number[] {
    return [0, 4, 8, 12].map((word) => this.barRead(4, vector * 16 + word));
  }

  /** Becomes as the other is. */
  copy(other: FakeFunction): void {
    this.values.set(other.values);
    this.bars.clear();
    other.bars.forEach((registers, bar) => this.bars.set(bar, new Map(registers)));
  }

  private set(offset: number, value: number, writable = 0): void {
    for (let byte = 0; byte < 4; byte++) {
      this.values[offset + byte] = value >>> (8 * byte);
      this.writable[offset + byte] = writable >>> (8 * byte);
    }
  }

  /** BARs, command and MSI-X go back to zero. */
  reset(): void {
    this.resets++;
    this.configWrite(PCIE + 8, 2, 0x2810);
    for (const at of [0x04, 0x10, 0x18, 0x1c, 0x20, MSIX]) {
      this.configWrite(at, 4, 0);
    }
    this.bars.clear();
  }
}

/** The host's interrupts: `fire` delivers a message, `raise` the line. */
export class FakeInterrupts implements HostIrq {
  readonly handlers = new Map<number, () => void>();
  private line: (() => void) | undefined;
  next = 0x30;

  request(handler: () => void): IrqMessage {
    this.handlers.set(this.next, handler);
    return { address: 0xfee0_1000, data: this.next++ };
  }
  adopt(message: IrqMessage, handler: () => void): void {
    this.handlers.set(message.data, handler);
  }
  release(message: IrqMessage): void {
    this.handlers.delete(message.data);
  }
  requestLine(handler: () => void): void {
    this.line = handler;
  }
  releaseLine(): void {
    this.line = undefined;
  }
  fire(data: number): void {
    this.handlers.get(data)?.();
  }
  raise(): void {
    this.line?.();
  }
}
