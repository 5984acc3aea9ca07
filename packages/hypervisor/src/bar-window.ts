/** One BAR as a driver has mapped it: offsets in place of addresses, and none beyond its end. */
import type { AccessWidth, Mmio } from '@doorbell/abi';
import type { MmioAccess } from './mmio-access.ts';

export class BarWindow implements Mmio {
  readonly size: number;
  private readonly access: MmioAccess;
  private readonly base: number;

  constructor(access: MmioAccess, base: number, size: number) {
    this.access = access;
    this.base = base;
    this.size = size;
  }

  read(offset: number, width: AccessWidth): number {
    return this.access.read(this.address(offset, width, width), width);
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.access.write(this.address(offset, width, width), width, value);
  }

  writeBlock(offset: number, bytes: Uint8Array): void {
    this.access.writeBlock(this.address(offset, bytes.length, 4), bytes);
  }

  readBlock(offset: number, into: Uint8Array): void {
    this.access.readBlock(this.address(offset, into.length, 4), into);
  }

  private address(offset: number, length: number, align: number): number {
    if (offset % align !== 0 || length % align !== 0) {
      throw new RangeError(`Offset ${offset} or length ${length} is not a multiple of ${align}.`);
    }
    if (offset < 0 || offset + length > this.size) {
      throw new RangeError(`Offset ${offset} (${length} bytes) is not within the BAR.`);
    }
    return this.base + offset;
  }
}
