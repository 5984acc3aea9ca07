/** An `Mmio` that is plain memory, and notes what was done to it: `write32 0x10 = 0x1`. */
import type { AccessWidth, Mmio } from '@doorbell/abi';

export class MemoryWindow implements Mmio {
  readonly size: number;
  readonly bytes: Uint8Array;
  readonly log: string[] = [];
  private readonly view: DataView;

  constructor(size: number) {
    this.size = size;
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  word(offset: number): number {
    return this.view.getUint32(offset, true);
  }

  setWord(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  read(offset: number, width: AccessWidth): number {
    this.log.push(`read${width * 8} 0x${offset.toString(16)}`);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) {
      value = value * 256 + this.bytes[offset + i];
    }
    return value;
  }

  write(offset: number, width: AccessWidth, value: number): void {
    this.log.push(`write${width * 8} 0x${offset.toString(16)} = 0x${value.toString(16)}`);
    for (let i = 0; i < width; i++) {
      this.bytes[offset + i] = value >>> (8 * i);
    }
  }

  writeBlock(offset: number, bytes: Uint8Array): void {
    this.log.push(`block 0x${offset.toString(16)}+${bytes.length}`);
    this.bytes.set(bytes, offset);
  }

  readBlock(offset: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(offset, offset + into.length));
  }
}
