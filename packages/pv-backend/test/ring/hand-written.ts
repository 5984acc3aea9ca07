/** Rings as a driver writes them, by hand. */
import { Chain, LinearMemory, MAX_INDIRECT } from '@doorbell/abi';

export const MEMORY_BYTES = 0x2_0000;
/** Beyond 2^52. */
export const FAR = { low: 0, high: 0x10_0000 };

export function newMemory(): LinearMemory {
  return new LinearMemory(new ArrayBuffer(MEMORY_BYTES));
}

export function newChain(): Chain {
  return new Chain(4 + MAX_INDIRECT);
}

/** A descriptor, split or packed: its last two fields are `third` and `fourth`. */
export function writeDesc(
  memory: LinearMemory,
  at: number,
  address: number | { readonly low: number; readonly high: number },
  length: number,
  third: number,
  fourth: number,
): void {
  const { low, high } =
    typeof address === 'number'
      ? { low: address % 2 ** 32, high: Math.floor(address / 2 ** 32) }
      : address;
  memory.store32(at, low);
  memory.store32(at + 4, high);
  memory.store32(at + 8, length);
  memory.store16(at + 12, third);
  memory.store16(at + 14, fourth);
}

/** [address, bytes, whether the device writes it] of each buffer. */
export function buffersOf(chain: Chain): unknown {
  return Array.from({ length: chain.count }, (_, i) => [
    chain.addresses[i],
    chain.lengths[i],
    i >= chain.readable,
  ]);
}

/** Hexadecimal digits without what only helps to read them. */
export function hex(text: string): string {
  return text.replace(/\s+/g, '');
}

export function setBytes(memory: LinearMemory, address: number, digits: string): void {
  const bytes = hex(digits).match(/../g) ?? [];
  memory.bytes.set(
    bytes.map((byte) => parseInt(byte, 16)),
    address,
  );
}

export function bytesAt(memory: LinearMemory, address: number, count: number): string {
  return Array.from(memory.bytes.subarray(address, address + count), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** Every load of a field of 2 or 4 bytes from the range is counted, by address. */
export class CountingMemory extends LinearMemory {
  readonly loads = new Map<number, number>();

  override load16(address: number): number {
    this.loads.set(address, (this.loads.get(address) ?? 0) + 1);
    return super.load16(address);
  }

  override load32(address: number): number {
    this.loads.set(address, (this.loads.get(address) ?? 0) + 1);
    return super.load32(address);
  }

  override acquire16(address: number): number {
    this.loads.set(address, (this.loads.get(address) ?? 0) + 1);
    return super.acquire16(address);
  }
}
