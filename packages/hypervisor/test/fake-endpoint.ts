/** A function with one 32-bit BAR of 4 KiB that stores words, by the letter of PCI 3.0 §6.2.5.1. */
import { allOnes, type AccessWidth, type PciEndpoint } from '@doorbell/abi';

export class FakeEndpoint implements PciEndpoint {
  readonly words = new Uint32Array(1024);
  readonly log: string[] = [];
  decodeChanged: () => void = () => undefined;
  private command = 0;
  private bar = 0;

  configRead(offset: number, width: AccessWidth): number {
    const value = offset === 0x04 ? this.command : offset === 0x10 ? this.bar : 0;
    return (value & allOnes(width)) >>> 0;
  }

  configWrite(offset: number, _width: AccessWidth, value: number): void {
    if (offset === 0x04) {
      this.command = value;
    } else if (offset === 0x10) {
      this.bar = (value & 0xfffff000) >>> 0;
    }
    this.decodeChanged();
  }

  barRead(bar: number, offset: number, width: AccessWidth): number {
    this.log.push(`read ${bar} ${offset} ${width}`);
    return this.words[offset >> 2];
  }

  barWrite(bar: number, offset: number, width: AccessWidth, value: number): void {
    this.log.push(`write ${bar} ${offset} ${width} ${value}`);
    this.words[offset >> 2] = value;
  }

  barMemory(): undefined {
    return undefined;
  }
}
