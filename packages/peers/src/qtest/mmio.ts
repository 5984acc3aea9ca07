/** Loads and stores at physical addresses, by qtest commands. */
import type { AccessWidth, Mmio } from '@doorbell/abi';
import type { QtestConnection } from './connection.ts';
import type { Interrupts } from './interrupts.ts';

/** The letter that commands have for a width. */
const letters: Readonly<Record<AccessWidth, string>> = { 1: 'b', 2: 'w', 4: 'l' };
const masks: Readonly<Record<AccessWidth, number>> = { 1: 0xff, 2: 0xffff, 4: 0xffffffff };

/** Bytes of one command that moves many: a line of 32 KiB, which QEMU takes in pieces of 1 KiB. */
const CHUNK = 24 << 10;
/** Loads of 4 bytes that are under way at once. */
const LOADS = 512;

export interface MmioParts {
  readonly connection: QtestConnection;
  readonly interrupts: Interrupts;
}

export class QtestMmio implements Mmio {
  readonly size: number;
  private readonly parts: MmioParts;
  private readonly address: number;
  /** Accesses may be wider than 4 bytes, as a host bridge may combine them. */
  private readonly isPrefetchable: boolean;

  constructor(parts: MmioParts, address: number, size: number, isPrefetchable = false) {
    this.parts = parts;
    this.address = address;
    this.size = size;
    this.isPrefetchable = isPrefetchable;
  }

  read(offset: number, width: AccessWidth): number {
    const address = this.at(offset, width, width);
    this.parts.interrupts.deliver();
    return Number(this.parts.connection.ask(`read${letters[width]} ${address}`));
  }

  write(offset: number, width: AccessWidth, value: number): void {
    const address = this.at(offset, width, width);
    this.parts.interrupts.deliver();
    const written = (value & masks[width]) >>> 0;
    this.parts.connection.post(`write${letters[width]} ${address} ${written}`);
  }

  writeBlock(offset: number, bytes: Uint8Array): void {
    const { connection, interrupts } = this.parts;
    const address = this.blockAt(offset, bytes.length);
    interrupts.deliver();
    if (this.isPrefetchable) {
      for (let at = 0; at < bytes.length; at += CHUNK) {
        const chunk = Buffer.from(bytes.subarray(at, at + CHUNK));
        connection.post(
          `b64write ${hex(address + at)} ${chunk.length} ${chunk.toString('base64')}`,
        );
      }
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.length; at += 4) {
      connection.post(`writel ${hex(address + at)} ${view.getUint32(at, true)}`);
    }
  }

  readBlock(offset: number, into: Uint8Array): void {
    const { connection, interrupts } = this.parts;
    const address = this.blockAt(offset, into.length);
    interrupts.deliver();
    if (this.isPrefetchable) {
      for (let at = 0; at < into.length; at += CHUNK) {
        const count = Math.min(CHUNK, into.length - at);
        const answer = connection.ask(`b64read ${hex(address + at)} ${count}`);
        into.set(Buffer.from(answer, 'base64').subarray(0, count), at);
      }
      return;
    }
    const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
    for (let at = 0; at < into.length; at += LOADS * 4) {
      const length = Math.min(LOADS, (into.length - at) / 4);
      const loads = Array.from({ length }, (_, n) => `readl ${hex(address + at + n * 4)}`);
      connection.askAll(loads).forEach((answer, n) => {
        view.setUint32(at + n * 4, Number(answer), true);
      });
    }
  }

  private blockAt(offset: number, bytes: number): number {
    if (bytes % 4 !== 0) {
      throw new RangeError(`A block of ${bytes} bytes is not made of words of 4 bytes.`);
    }
    return this.address + this.check(offset, bytes, 4);
  }

  private at(offset: number, bytes: number, align: number): string {
    return hex(this.address + this.check(offset, bytes, align));
  }

  private check(offset: number, bytes: number, align: number): number {
    const fits = Number.isInteger(offset) && offset >= 0 && offset + bytes <= this.size;
    if (!fits || offset % align !== 0) {
      throw new RangeError(
        `No ${bytes} bytes can be reached at offset 0x${offset.toString(16)} of ${this.size}.`,
      );
    }
    return offset;
  }
}

function hex(address: number): string {
  return `0x${address.toString(16)}`;
}
