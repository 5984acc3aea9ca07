/**
 * The ring of a guest's channel, as it was when the channel was turned on. Positions count the bytes
 * since then and only grow; an address is the ring's base and a position modulo its size.
 */
import { gpuVa, PAGE_BYTES } from '@doorbell/abi';

const SMALLEST_RING = 256;
const LARGEST_RING = 1 << 20;

export interface GuestRingState {
  readonly base: number;
  readonly bytes: number;
  readonly passed: number;
  readonly published: number;
  readonly audited: number;
}

export class GuestRing {
  readonly base: number;
  readonly bytes: number;
  /** The channel's head. */
  passed: number;
  /** The furthest tail that was passed on, and up to where packets were read. */
  published: number;
  audited: number;

  private constructor({ base, bytes, passed, published, audited }: GuestRingState) {
    this.base = base;
    this.bytes = bytes;
    this.passed = passed;
    this.published = published;
    this.audited = audited;
  }

  /** Nothing is in it. @param head  where the channel stands, in bytes */
  static empty(base: number, bytes: number, head: number): GuestRing {
    return new GuestRing({ base, bytes, passed: head, published: head, audited: head });
  }

  static load(state: GuestRingState): GuestRing {
    return new GuestRing(state);
  }

  save(): GuestRingState {
    const { base, bytes, passed, published, audited } = this;
    return { base, bytes, passed, published, audited };
  }

  /** Whether the hardware takes it (BAD_RING). */
  get isValid(): boolean {
    const { base, bytes } = this;
    const isPower = (bytes & (bytes - 1)) === 0 && bytes >= SMALLEST_RING && bytes <= LARGEST_RING;
    return isPower && base % PAGE_BYTES === 0 && base + bytes <= 2 ** gpuVa.bits;
  }

  /** Whether the channel has come to the end of what was published. */
  get isDrained(): boolean {
    return this.passed >= this.published;
  }

  /** The channel's head is there, in bytes from the ring's base. */
  advance(head: number): void {
    this.passed = this.next(head);
  }

  /** The first position at this offset from where the channel stands. */
  next(offset: number): number {
    const { bytes, passed } = this;
    return bytes === 0 ? passed : passed + modulo(offset - passed, bytes);
  }

  /** Of an address behind a packet that was published last. */
  positionOf(va: number): number {
    const { base, bytes, published } = this;
    return published - modulo(published - (va - base), bytes);
  }

  /**
   * Positions as addresses, in pieces that do not go past a multiple of `unit` nor the ring's end.
   * A piece that gives false is the last.
   */
  eachPiece(
    from: number,
    to: number,
    unit: number,
    piece: (va: number, end: number) => unknown,
  ): void {
    const { base, bytes } = this;
    for (let at = from; at < to;) {
      const offset = at % bytes;
      const size = Math.min(to - at, unit - (offset % unit), bytes - offset);
      if (piece(base + offset, base + offset + size) === false) {
        return;
      }
      at += size;
    }
  }
}

/** From 0 up, also of what is negative. */
function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
