/**
 * The driver half of a split virtqueue, right or wrong: it writes what a check says, word by word. It
 * knows nothing of the driver half that this project has.
 */
import {
  availRing,
  Chain,
  DESC_BYTES,
  LinearMemory,
  MAX_INDIRECT,
  usedRing,
  type DeviceMemory,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import type { DeviceQueue } from '@doorbell/pv-backend';
import type { QueuePart } from '../part.ts';
import { WatchedMemory } from '../ring/watched-memory.ts';

export const RAM_BYTES = 0x2_0000;
export const SIZE = 4;
/** The descriptor table, the available ring, the used ring; then what a check puts there. */
const setup: QueueSetup = { size: SIZE, descriptors: 0, driver: 0x40, device: 0x80 };
/** Where indirect tables go, and buffers. */
export const TABLE = 0x1000;
export const BUFFER = 0x8000;

export interface Descriptor {
  /** A number, or what has to be written as two words. */
  readonly address?: number | { readonly low: number; readonly high: number };
  readonly bytes?: number;
  readonly flags?: number;
  readonly next?: number;
}

/** What was negotiated, and whether memory claims to be without end. */
export interface MockOptions extends Partial<RingOptions> {
  readonly vast?: boolean;
}

export class MockDriver {
  readonly queue: DeviceQueue;
  readonly chain = new Chain(SIZE + MAX_INDIRECT);
  /** The memory as the device half reaches it: what that did, in order. */
  readonly watched = new WatchedMemory(new ArrayBuffer(RAM_BYTES));
  /** The same bytes, as the driver's own CPU reaches them. */
  private readonly memory = new LinearMemory(this.watched.bytes.buffer);

  /** @param before  the queue's history: how far another device has used it, and the driver offered. */
  constructor(
    { open }: QueuePart,
    { vast = false, ...options }: MockOptions = {},
    before: { readonly used: number; readonly offered: number } = { used: 0, offered: 0 },
  ) {
    const all = { indirect: true, eventIdx: false, inOrder: false, ...options };
    const memory: DeviceMemory = this.watched;
    this.watched.isVast = vast;
    this.setAvailIdx(before.offered);
    this.memory.store16(setup.device + usedRing.IDX, before.used);
    this.queue = open(memory, setup, all, before.used);
    for (let index = 0; index < SIZE; index++) {
      this.describe(index, { address: BUFFER + 0x100 * index, bytes: 16, flags: 2 });
    }
  }

  // ------------------------------------------------------------------------- what it writes

  describe(index: number, descriptor: Descriptor): void {
    this.describeAt(setup.descriptors + DESC_BYTES * index, descriptor);
  }

  /** In the table at `TABLE`, or so many bytes behind it. */
  describeIndirect(index: number, descriptor: Descriptor, shift = 0): void {
    this.describeAt(TABLE + shift + DESC_BYTES * index, descriptor);
  }

  private describeAt(at: number, descriptor: Descriptor): void {
    const { address = BUFFER, bytes = 16, flags = 0, next = 0 } = descriptor;
    const { low, high } = typeof address === 'number' ? { low: address, high: 0 } : address;
    this.memory.store32(at, low);
    this.memory.store32(at + 4, high);
    this.memory.store32(at + 8, bytes);
    this.memory.store16(at + 12, flags);
    this.memory.store16(at + 14, next);
  }

  /** Heads in the available ring, and its idx after them. */
  offer(...heads: readonly number[]): void {
    const idx = this.memory.load16(setup.driver + availRing.IDX);
    heads.forEach((head, index) => {
      const entry = (idx + index) % SIZE;
      this.memory.store16(setup.driver + availRing.RING + availRing.ENTRY_BYTES * entry, head);
    });
    this.setAvailIdx(idx + heads.length);
  }

  setAvailIdx(idx: number): void {
    this.memory.store16(setup.driver + availRing.IDX, idx & 0xffff);
  }

  set availFlags(flags: number) {
    this.memory.store16(setup.driver + availRing.FLAGS, flags);
  }

  set usedEvent(idx: number) {
    this.memory.store16(setup.driver + availRing.usedEvent(SIZE), idx);
  }

  // -------------------------------------------------------------------------- what it reads

  get usedFlags(): number {
    return this.memory.load16(setup.device + usedRing.FLAGS);
  }

  get usedIdx(): number {
    return this.memory.load16(setup.device + usedRing.IDX);
  }

  get availEvent(): number {
    return this.memory.load16(setup.device + usedRing.availEvent(SIZE));
  }

  /** id and len of an entry. */
  used(entry: number): readonly [number, number] {
    const at = this.entryAt(entry);
    return [this.memory.load32(at), this.memory.load32(at + 4)];
  }

  // --------------------------------------------------------------------- where things are

  readonly places = {
    usedIdx: setup.device + usedRing.IDX,
    usedEvent: setup.driver + availRing.usedEvent(SIZE),
    availFlags: setup.driver + availRing.FLAGS,
    availIdx: setup.driver + availRing.IDX,
    availEntry: (entry: number): number =>
      setup.driver + availRing.RING + availRing.ENTRY_BYTES * (entry % SIZE),
    usedLen: (entry: number): number => this.entryAt(entry) + 4,
    descriptor: (index: number): number => setup.descriptors + DESC_BYTES * index,
  };

  private entryAt(entry: number): number {
    return setup.device + usedRing.RING + usedRing.ENTRY_BYTES * (entry % SIZE);
  }

  // ----------------------------------------------------------------------- both halves' steps

  /** A chain from its offer to the used ring. Whether the driver is to be notified. */
  useOne(head = 0, written = 0): boolean {
    this.offer(head);
    this.queue.next(this.chain);
    this.queue.put(this.chain.id, written);
    return this.queue.publish();
  }
}
