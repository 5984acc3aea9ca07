/**
 * The driver's pages behind a resource: a scatter list (VIRTIO 1.3 §5.7.6.8). Pages are reached
 * when they are used, never held: a driver that takes one away gets an error, and no more.
 */
import { memEntry, viewOf } from '@doorbell/abi';
import type { GuestMemory, IsWanted } from '../guest-memory.ts';
import { MAX_ENTRIES } from './limits.ts';
import { Refusal, refuseUnless } from './refusal.ts';

const { addr: ADDR, length: LENGTH } = memEntry.offsets;
const HIGH_HALF = 2 ** 32;
/** Addresses are numbers below 2^52, so that what is added to them is exact. */
const MAX_HIGH = 2 ** 20;

export class Backing {
  /** As the driver counted them. */
  readonly entries: number;
  readonly bytes: number;
  /** Pieces that lie together: where each begins in the backing, and its address. One more start ends it. */
  private readonly starts: Float64Array;
  private readonly addresses: Float64Array;
  private readonly pieces: number;
  private readonly memory: GuestMemory;

  /**
   * @param list  `virtio_gpu_mem_entry`s: at least `entries` of them, or it is refused.
   * @throws Refusal
   */
  constructor(memory: GuestMemory, list: Uint8Array, entries: number) {
    refuseUnless(
      entries <= MAX_ENTRIES,
      'ERR_UNSPEC',
      `A scatter list has more than ${MAX_ENTRIES} entries.`,
    );
    refuseUnless(
      list.length >= entries * memEntry.size,
      'ERR_UNSPEC',
      `A scatter list of ${entries} entries has ${list.length} bytes.`,
    );
    this.memory = memory;
    this.entries = entries;
    this.starts = new Float64Array(entries + 1);
    this.addresses = new Float64Array(entries);
    const view = viewOf(list);
    let pieces = 0;
    let bytes = 0;
    for (let entry = 0; entry < entries; entry++) {
      const at = entry * memEntry.size;
      const length = view.getUint32(at + LENGTH, true);
      refuseUnless(length > 0, 'ERR_UNSPEC', 'An entry of a scatter list has no bytes.'); // as in QEMU
      const address = this.checked(view, at + ADDR, length);
      const previous = pieces - 1;
      const joins =
        pieces > 0 && this.addresses[previous] + bytes - this.starts[previous] === address;
      if (!joins) {
        this.starts[pieces] = bytes;
        this.addresses[pieces++] = address;
      }
      bytes += length;
    }
    this.starts[pieces] = bytes;
    this.pieces = pieces;
    this.bytes = bytes;
  }

  private checked(view: DataView, at: number, length: number): number {
    const high = view.getUint32(at + 4, true);
    const address = high * HIGH_HALF + view.getUint32(at, true);
    refuseUnless(
      high < MAX_HIGH && this.memory.mayFetch(address, length),
      'ERR_UNSPEC',
      'The device cannot reach a page of a scatter list.',
    );
    return address;
  }

  /**
   * @param isWanted  asked before each piece: the driver may have its memory back at any time.
   * @throws Refusal when a range is not within the backing, cannot be read, or is not wanted.
   */
  async fetch(offset: number, into: Uint8Array, isWanted: IsWanted): Promise<void> {
    await this.eachPart(offset, into, (address, part) =>
      this.memory.fetch(address, part, isWanted),
    );
  }

  /** @throws Refusal as `fetch` does. */
  async store(offset: number, bytes: Uint8Array, isWanted: IsWanted): Promise<void> {
    await this.eachPart(offset, bytes, (address, part) =>
      this.memory.store(address, part, isWanted),
    );
  }

  private async eachPart(
    offset: number,
    bytes: Uint8Array,
    move: (address: number, part: Uint8Array) => Promise<boolean>,
  ): Promise<void> {
    this.check(offset, bytes.length);
    let piece = this.pieceAt(offset);
    for (let done = 0; done < bytes.length; piece++) {
      const within = offset + done - this.starts[piece];
      const left = this.starts[piece + 1] - this.starts[piece] - within;
      const part = bytes.subarray(done, done + left);
      if (part.length > 0 && !(await move(this.addresses[piece] + within, part))) {
        throw new Refusal('ERR_UNSPEC', 'A page of a backing cannot be reached any more.');
      }
      done += part.length;
    }
  }

  /** @throws Refusal */
  check(offset: number, bytes: number): void {
    refuseUnless(
      offset + bytes <= this.bytes,
      'ERR_INVALID_PARAMETER',
      `${bytes} bytes at ${offset} are not in a backing of ${this.bytes}.`,
    );
  }

  /** The last piece that begins at or before an offset. */
  private pieceAt(offset: number): number {
    let low = 0;
    let high = this.pieces;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.starts[middle] <= offset) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
