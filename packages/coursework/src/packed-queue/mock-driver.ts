/**
 * The driver half of a packed virtqueue, right or wrong: it writes what a check says, word by word. It
 * knows nothing of the driver half that this project has.
 */
import {
  Chain,
  DESC_BYTES,
  descFlags,
  eventFlags,
  eventSuppress,
  LinearMemory,
  MAX_INDIRECT,
  packedDesc,
  type DeviceMemory,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import type { DeviceQueue } from '@doorbell/pv-backend';
import { mustBe } from '../check/must-be.ts';
import type { PackedQueuePart } from '../part.ts';
import { behind, START, type Position } from '../ring/position.ts';
import { WatchedMemory } from '../ring/watched-memory.ts';

const { NEXT, AVAIL, USED } = descFlags;
const { addr: ADDR, len: LEN, id: ID, flags: FLAGS } = packedDesc.offsets;
const { desc: EVENT_DESC, flags: EVENT_FLAGS } = eventSuppress.offsets;

export const RAM_BYTES = 0x2_0000;
/** Descriptors of the ring, unless a check has another number. */
export const SIZE = 4;
/** The descriptor ring is at 0; then the driver's and the device's event suppression structures. */
const DRIVER_EVENT = 0x400;
const DEVICE_EVENT = 0x480;
/** Where indirect tables go, and buffers. */
export const TABLE = 0x1000;
export const BUFFER = 0x8000;

export interface Descriptor {
  /** A number, or what has to be written as two words. */
  readonly address?: number | { readonly low: number; readonly high: number };
  readonly bytes?: number;
  readonly id?: number;
  /** Of one that is offered: without AVAIL, USED and NEXT, which follow from its place. */
  readonly flags?: number;
}

export interface MockOptions extends Partial<RingOptions> {
  readonly size?: number;
}

export class MockDriver {
  readonly queue: DeviceQueue;
  readonly chain: Chain;
  /** The memory as the device half reaches it: what that did, in order. */
  readonly watched = new WatchedMemory(new ArrayBuffer(RAM_BYTES));
  readonly size: number;
  /** The same bytes, as the driver's own CPU reaches them. */
  private readonly memory = new LinearMemory(this.watched.bytes.buffer);
  private avail = START;
  private used = START;
  /** What was offered and not seen used, oldest first. */
  private readonly offered: { readonly id: number; readonly places: number }[] = [];
  private readonly inOrder: boolean;

  constructor({ open }: PackedQueuePart, { size = SIZE, ...options }: MockOptions = {}) {
    const all = { indirect: true, eventIdx: false, inOrder: false, ...options };
    const setup: QueueSetup = { size, descriptors: 0, driver: DRIVER_EVENT, device: DEVICE_EVENT };
    const memory: DeviceMemory = this.watched;
    this.size = size;
    this.inOrder = all.inOrder;
    this.chain = new Chain(size + MAX_INDIRECT);
    this.queue = open(memory, setup, all);
  }

  // ------------------------------------------------------------------------- what it writes

  /** A descriptor at a place of the ring, whose flags are all given. */
  describe(index: number, descriptor: Descriptor): void {
    this.describeAt(DESC_BYTES * index, descriptor);
  }

  /** In the table at `TABLE`, or so many bytes behind it. */
  describeIndirect(index: number, descriptor: Descriptor, shift = 0): void {
    this.describeAt(TABLE + shift + DESC_BYTES * index, descriptor);
  }

  private describeAt(at: number, descriptor: Descriptor): void {
    const { address = BUFFER, bytes = 16, id = 0, flags = 0 } = descriptor;
    const { low, high } = typeof address === 'number' ? { low: address, high: 0 } : address;
    this.memory.store32(at + ADDR, low);
    this.memory.store32(at + ADDR + 4, high);
    this.memory.store32(at + LEN, bytes);
    this.memory.store16(at + ID, id);
    this.memory.store16(at + FLAGS, flags);
  }

  /** A list, at the next places of the ring. Its id is that of the last. */
  offer(...list: readonly Descriptor[]): void {
    list.forEach((descriptor, index) => {
      const next = index < list.length - 1 ? NEXT : 0;
      this.place({ ...descriptor, flags: (descriptor.flags ?? 0) | next });
    });
    this.offered.push({ id: list.at(-1)?.id ?? 0, places: list.length });
  }

  /** A single descriptor at the next place, marked as available: NEXT is as it is given. */
  place(descriptor: Descriptor): void {
    const { offset, wrap } = this.avail;
    const flags = (descriptor.flags ?? 0) | (wrap === 1 ? AVAIL : USED);
    this.describe(offset, { ...descriptor, flags });
    this.avail = behind(this.avail, 1, this.size);
  }

  /** What it wants to be told of (§2.8.10). */
  wants(flags: number, { offset, wrap }: Position = { offset: 0, wrap: 0 }): void {
    this.memory.store16(DRIVER_EVENT + EVENT_DESC, offset | (wrap << 15));
    this.memory.store16(DRIVER_EVENT + EVENT_FLAGS, flags);
  }

  // -------------------------------------------------------------------------- what it reads

  descriptor(index: number): {
    readonly id: number;
    readonly bytes: number;
    readonly flags: number;
  } {
    const at = DESC_BYTES * index;
    return {
      id: this.memory.load16(at + ID),
      bytes: this.memory.load32(at + LEN),
      flags: this.memory.load16(at + FLAGS),
    };
  }

  /**
   * The next chain that it sees used, as [id, bytes written]; undefined: there is none. With IN_ORDER
   * one descriptor may be of several chains, of which those before the last are full (§2.8.8).
   * @param full  bytes of the buffers of each, that the device may write.
   * @throws Mismatch when none of that id was offered.
   */
  takeUsed(full = 16): readonly (readonly [number, number])[] {
    const { id, bytes, flags } = this.descriptor(this.used.offset);
    const wanted = this.used.wrap === 1 ? AVAIL | USED : 0;
    if ((flags & (AVAIL | USED)) !== wanted || this.offered.length === 0) {
      return [];
    }
    const at = this.offered.findIndex((each) => each.id === id);
    mustBe(`whether id ${id} was offered`, true, at >= 0);
    const chains = this.inOrder ? this.offered.splice(0, at + 1) : this.offered.splice(at, 1);
    for (const { places } of chains) {
      this.used = behind(this.used, places, this.size);
    }
    return chains.map((each) => [each.id, each.id === id ? bytes : full]);
  }

  /** What the device wants to be told of: 0 everything, 1 nothing, 2 the descriptor at a position. */
  get deviceEvent(): { readonly flags: number; readonly offset: number; readonly wrap: number } {
    const event = this.memory.load16(DEVICE_EVENT + EVENT_DESC);
    const flags = this.memory.load16(DEVICE_EVENT + EVENT_FLAGS);
    return { flags, offset: event & 0x7fff, wrap: event >>> 15 };
  }

  /** Whether a device that asks for that is told of the descriptor that comes next. */
  get tellsOfNext(): boolean {
    const { flags, offset, wrap } = this.deviceEvent;
    const isNext = offset === this.avail.offset && wrap === this.avail.wrap;
    return flags === eventFlags.ENABLE || (flags === eventFlags.DESC && isNext);
  }

  // --------------------------------------------------------------------- where things are

  readonly places = {
    desc: (index: number): number => DESC_BYTES * index,
    flags: (index: number): number => DESC_BYTES * index + FLAGS,
    id: (index: number): number => DESC_BYTES * index + ID,
    len: (index: number): number => DESC_BYTES * index + LEN,
    driverEvent: DRIVER_EVENT + EVENT_FLAGS,
    deviceEvent: DEVICE_EVENT + EVENT_FLAGS,
    driverEventOffset: DRIVER_EVENT + EVENT_DESC,
    deviceEventOffset: DEVICE_EVENT + EVENT_DESC,
  };

  // ----------------------------------------------------------------------- both halves' steps

  /** A chain of one buffer, that the device writes, from its offer on. Whether the driver is to be notified. */
  useOne(id = 0, written = 0): boolean {
    this.offer({ id, flags: descFlags.WRITE });
    this.queue.next(this.chain);
    this.queue.put(this.chain.id, written);
    const wanted = this.queue.publish();
    this.takeUsed();
    return wanted;
  }
}
