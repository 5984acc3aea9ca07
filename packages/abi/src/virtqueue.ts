/**
 * Virtqueue layouts, VIRTIO 1.3 §2.7 (split) and §2.8 (packed): offsets for ring code, which works
 * on loads and stores, and the same as structs.
 */
import { struct, u16, u32, u64 } from './layout.ts';

/** The largest size of a queue (§2.7, §2.8). */
export const MAX_QUEUE_SIZE = 32768;
/** Entries that we take in an indirect table: Linux builds longer ones than §2.7.5.3.1 allows. */
export const MAX_INDIRECT = 1024;

/** Bits of a descriptor's flags (§2.7.5, §2.8.1, §2.8.3, §2.8.6, §2.8.7). */
export const descFlags = {
  NEXT: 1,
  /** The device writes the buffer; otherwise it only reads it. */
  WRITE: 2,
  INDIRECT: 4,
  /** Packed queues only. */
  AVAIL: 1 << 7,
  USED: 1 << 15,
} as const;

/** §2.7.5 `virtq_desc`. */
export const splitDesc = struct('virtq_desc', { addr: u64, len: u32, flags: u16, next: u16 });
/** §2.8.13 `pvirtq_desc`. */
export const packedDesc = struct('pvirtq_desc', { addr: u64, len: u32, id: u16, flags: u16 });
/** §2.7.8 `virtq_used_elem`. */
export const usedElem = struct('virtq_used_elem', { id: u32, len: u32 });
/** §2.8.14 `pvirtq_event_suppress`: offset in bits 14:0 and wrap counter in bit 15 of `desc`. */
export const eventSuppress = struct('pvirtq_event_suppress', { desc: u16, flags: u16 });

/** Bytes of a descriptor, split or packed. */
export const DESC_BYTES = 16;

/** The available ring (§2.7.6): u16 flags, u16 idx, u16 ring[size], u16 used_event. */
export const availRing = {
  FLAGS: 0,
  IDX: 2,
  RING: 4,
  ENTRY_BYTES: 2,
  usedEvent: (size: number): number => 4 + 2 * size,
  bytes: (size: number): number => 6 + 2 * size,
} as const;
/** `flags`: the driver asks for no used buffer notifications; a hint. */
export const AVAIL_NO_INTERRUPT = 1;

/** The used ring (§2.7.8): u16 flags, u16 idx, { u32 id, u32 len } ring[size], u16 avail_event. */
export const usedRing = {
  FLAGS: 0,
  IDX: 2,
  RING: 4,
  ENTRY_BYTES: 8,
  availEvent: (size: number): number => 4 + 8 * size,
  bytes: (size: number): number => 6 + 8 * size,
} as const;
/** `flags`: the device asks for no available buffer notifications; a hint. */
export const USED_NO_NOTIFY = 1;

/** Flags of an event suppression structure (§2.8.10). */
export const eventFlags = { ENABLE: 0, DISABLE: 1, DESC: 2 } as const;
export const EVENT_BYTES = 4;

/** Alignments, in bytes (§2.7, §2.8). */
export const queueAlignment = {
  split: { descriptors: 16, driver: 2, device: 4 },
  packed: { descriptors: 16, driver: 4, device: 4 },
} as const;

/** Bytes of each part of a queue. */
export function queueBytes(
  packed: boolean,
  size: number,
): { readonly descriptors: number; readonly driver: number; readonly device: number } {
  return packed
    ? { descriptors: DESC_BYTES * size, driver: EVENT_BYTES, device: EVENT_BYTES }
    : {
        descriptors: DESC_BYTES * size,
        driver: availRing.bytes(size),
        device: usedRing.bytes(size),
      };
}

/** §2.7.7.2, §2.7.10.1, `virtq_need_event` of the specification's header: whether going from `old` to `idx` passed `event`, all modulo 2^16. */
export function needEvent(event: number, idx: number, old: number): boolean {
  return ((idx - event - 1) & 0xffff) < ((idx - old) & 0xffff);
}

/** What the other half of a queue did against the rules; says which. */
export class RingError extends Error {
  override readonly name = 'RingError';
}

/** The features that change how a queue is used. */
export interface RingOptions {
  /** VIRTIO_F_INDIRECT_DESC. */
  readonly indirect: boolean;
  /** VIRTIO_F_EVENT_IDX. */
  readonly eventIdx: boolean;
  /** VIRTIO_F_IN_ORDER: the device uses chains in the order in which they were made available. */
  readonly inOrder: boolean;
}

/** A descriptor chain: first the buffers that the device reads, then those that it writes. */
export class Chain {
  /** Names the chain between `next` and `put`, or between `add` and `take`. */
  id = 0;
  /** Buffers, and how many of them, from the first on, the device reads. */
  count = 0;
  readable = 0;
  /** As the device reaches them. */
  readonly addresses: Float64Array;
  /** In bytes. */
  readonly lengths: Uint32Array;

  /** @param most  buffers that it can hold. */
  constructor(most: number) {
    this.addresses = new Float64Array(most);
    this.lengths = new Uint32Array(most);
  }

  clear(): void {
    this.count = 0;
    this.readable = 0;
  }

  /** Adds a buffer; all that the device reads come before those that it writes. */
  push(address: number, bytes: number, deviceWrites: boolean): void {
    this.addresses[this.count] = address;
    this.lengths[this.count++] = bytes;
    if (!deviceWrites) {
      this.readable++;
    }
  }
}
