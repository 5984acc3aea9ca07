/** RAM by the commands of qtest alone, as if nothing of it were mapped: each access is one of them. */
import type { Memory, Mmio } from '@doorbell/abi';

const WORD = 4;

export class QtestMemory implements Memory {
  /** Until it is set, accesses go the short way, which needs no answer from QEMU. */
  isSlow = false;
  private readonly short: Memory;
  private readonly window: Mmio;

  /** @param window  on all of RAM, from address 0 on. */
  constructor(short: Memory, window: Mmio) {
    this.short = short;
    this.window = window;
  }

  load16(address: number): number {
    return this.isSlow ? this.window.read(address, 2) : this.short.load16(address);
  }

  load32(address: number): number {
    return this.isSlow ? this.window.read(address, 4) : this.short.load32(address);
  }

  store16(address: number, value: number): void {
    if (this.isSlow) {
      this.window.write(address, 2, value);
    } else {
      this.short.store16(address, value);
    }
  }

  store32(address: number, value: number): void {
    if (this.isSlow) {
      this.window.write(address, 4, value);
    } else {
      this.short.store32(address, value);
    }
  }

  acquire16(address: number): number {
    return this.isSlow ? this.load16(address) : this.short.acquire16(address);
  }

  release16(address: number, value: number): void {
    if (this.isSlow) {
      this.store16(address, value);
    } else {
      this.short.release16(address, value);
    }
  }

  /** QEMU does what is posted in order, and answers a load after all stores before it. */
  fence(): void {
    this.short.fence();
  }

  copyIn(address: number, bytes: Uint8Array): void {
    if (this.isSlow && address % WORD === 0 && bytes.length % WORD === 0) {
      this.window.writeBlock(address, bytes);
    } else {
      this.short.copyIn(address, bytes);
    }
  }

  copyOut(address: number, into: Uint8Array): void {
    if (this.isSlow && address % WORD === 0 && into.length % WORD === 0) {
      this.window.readBlock(address, into);
    } else {
      this.short.copyOut(address, into);
    }
  }

  allocate(bytes: number): number {
    return this.short.allocate(bytes);
  }

  free(address: number): void {
    this.short.free(address);
  }
}
