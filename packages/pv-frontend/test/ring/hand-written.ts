/** Chains and bytes as tests write them. */
import { Chain, type LinearMemory } from '@doorbell/abi';

type Buffer = readonly [address: number, bytes: number, write?: 'write'];

export function chainOf(...buffers: readonly Buffer[]): Chain {
  const chain = new Chain(Math.max(1, buffers.length));
  for (const [address, bytes, write] of buffers) {
    chain.push(address, bytes, write === 'write');
  }
  return chain;
}

/** Hexadecimal digits without what only helps to read them. */
export function hex(text: string): string {
  return text.replace(/\s+/g, '');
}

export function bytesAt(memory: LinearMemory, address: number, count: number): string {
  return Array.from(memory.bytes.subarray(address, address + count), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
