/** A chain that was taken from a queue: what the driver sent, copied, and where the answer goes. */
import type { Chain } from '@doorbell/abi';
import type { GuestMemory, IsWanted } from './guest-memory.ts';
import type { LiveQueue } from './live-queue.ts';

export class Request {
  readonly queue: LiveQueue;
  /** Of the chain. */
  readonly id: number;
  /** Bytes that the device may read, and write. */
  readonly readable: number;
  readonly writable: number;
  private readonly addresses: Float64Array;
  private readonly lengths: Uint32Array;
  /** Of them, the device reads the first so many. */
  private readonly readBuffers: number;
  private readonly isWanted: IsWanted;

  constructor(queue: LiveQueue, chain: Chain) {
    this.queue = queue;
    this.id = chain.id;
    this.isWanted = () => queue.isAlive;
    this.addresses = chain.addresses.slice(0, chain.count);
    this.lengths = chain.lengths.slice(0, chain.count);
    this.readBuffers = chain.readable;
    this.readable = sum(this.lengths.subarray(0, chain.readable));
    this.writable = sum(this.lengths.subarray(chain.readable));
  }

  /** Copies the first bytes of what the driver sent. Undefined: they cannot be read. */
  async fetch(memory: GuestMemory, bytes: number): Promise<Uint8Array | undefined> {
    const into = new Uint8Array(Math.min(bytes, this.readable));
    let at = 0;
    for (let buffer = 0; at < into.length && buffer < this.readBuffers; buffer++) {
      const part = into.subarray(at, at + this.lengths[buffer]);
      if (part.length > 0 && !(await memory.fetch(this.addresses[buffer], part, this.isWanted))) {
        return undefined;
      }
      at += part.length;
    }
    return into;
  }

  /** Writes as much of the answer as there is room for. Undefined: it cannot be written. */
  async store(memory: GuestMemory, answer: Uint8Array): Promise<number | undefined> {
    let at = 0;
    for (
      let buffer = this.readBuffers;
      at < answer.length && buffer < this.lengths.length;
      buffer++
    ) {
      const part = answer.subarray(at, at + this.lengths[buffer]);
      if (!this.queue.isAlive) {
        return at;
      }
      if (part.length > 0 && !(await memory.store(this.addresses[buffer], part, this.isWanted))) {
        return undefined;
      }
      at += part.length;
    }
    return at;
  }
}

function sum(lengths: Uint32Array): number {
  return lengths.reduce((total, length) => total + length, 0);
}
