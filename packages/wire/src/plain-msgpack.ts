/**
 * A look at msgpack before it is unpacked: only numbers, booleans, nil, strings, bytes, a few
 * arrays and maps, all there. What would let a peer's short message take much memory or run
 * extensions (records, typed arrays, dates) does not come as far as the unpacker.
 */
import { WireError } from './wire-error.ts';

/** More arrays and maps than any message has. */
const MAX_CONTAINERS = 8;

/** Bytes that follow the first one of scalars 0xca to 0xd3: floats and integers. */
const scalarBytes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

class Scan {
  private readonly view: DataView;
  private at = 0;
  private pending = 1;
  private containers = 0;

  constructor(payload: Uint8Array) {
    this.view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  /** Whether the bytes are one value, and nothing after it. */
  run(): boolean {
    let plain = true;
    while (plain && this.pending > 0) {
      plain = this.at < this.view.byteLength && this.value(this.view.getUint8(this.at++));
      plain &&= this.pending <= this.view.byteLength - this.at;
    }
    return plain && this.at === this.view.byteLength;
  }

  private value(token: number): boolean {
    this.pending--;
    if (token < 0x80 || token >= 0xe0 || token === 0xc0 || token === 0xc2 || token === 0xc3) {
      return true;
    }
    if (token < 0xa0) {
      return this.container(token & 15, token < 0x90 ? 2 : 1);
    }
    if (token < 0xc0) {
      return this.skip(token & 31);
    }
    return this.sized(token);
  }

  /** Values whose size follows, and scalars. */
  private sized(token: number): boolean {
    if (token >= 0xc4 && token <= 0xc6) {
      return this.skip(this.number(1 << (token - 0xc4)));
    }
    if (token >= 0xca && token <= 0xd3) {
      return this.skip(scalarBytes[token - 0xca]);
    }
    if (token >= 0xd9 && token <= 0xdb) {
      return this.skip(this.number(1 << (token - 0xd9)));
    }
    return token >= 0xdc && this.container(this.number(token & 1 ? 4 : 2), token < 0xde ? 1 : 2);
  }

  private container(entries: number, values: number): boolean {
    this.pending += entries * values;
    return ++this.containers <= MAX_CONTAINERS;
  }

  private skip(bytes: number): boolean {
    this.at += bytes;
    return this.at <= this.view.byteLength;
  }

  /** Big-endian; Infinity when it is not all there. */
  private number(bytes: number): number {
    let value = 0;
    for (let left = bytes; left > 0; left--) {
      value = this.at < this.view.byteLength ? value * 256 + this.view.getUint8(this.at) : Infinity;
      this.at++;
    }
    return value;
  }
}

/** @throws WireError */
export function checkPlain(payload: Uint8Array): void {
  if (!new Scan(payload).run()) {
    throw new WireError(`A payload of ${payload.length} bytes is not plain msgpack.`);
  }
}
