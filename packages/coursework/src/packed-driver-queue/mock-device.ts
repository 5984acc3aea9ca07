/**
 * The device half of a packed virtqueue, right or wrong: it reads what the driver wrote, word by word,
 * and writes what a check says. It knows nothing of the device half that this project has.
 */
import {
  DESC_BYTES,
  descFlags,
  eventFlags,
  eventSuppress,
  LinearMemory,
  packedDesc,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import type { DriverQueue } from '@doorbell/pv-frontend';
import { Mismatch } from '../check/mismatch.ts';
import type { PackedDriverQueuePart } from '../part.ts';
import type { Buffer } from '../ring/driver-half.ts';
import { behind, START, type Position } from '../ring/position.ts';
import { WatchedMemory } from '../ring/watched-memory.ts';

const { NEXT, WRITE, INDIRECT, AVAIL, USED } = descFlags;
const { addr: ADDR, len: LEN, id: ID, flags: FLAGS } = packedDesc.offsets;
const { desc: EVENT_DESC, flags: EVENT_FLAGS } = eventSuppress.offsets;
const RAM_BYTES = 0x2_0000;
/** Descriptors of the ring, unless a check has another number. */
export const SIZE = 4;
/** Descriptors of each indirect table. */
export const ENTRIES = 3;
/** The descriptor ring is at 0; then the driver's and the device's event suppression structures. */
const DRIVER_EVENT = 0x400;
const DEVICE_EVENT = 0x480;
const TABLES = 0x1000;
/** The device sees the tables by other addresses than the driver's CPU does: an IOMMU is between. */
const TABLES_IOVA = 0x40_1000;
const HIGH_HALF = 2 ** 32;

export interface MockOptions extends Partial<RingOptions> {
  readonly size?: number;
  /** Whether the half is given room for indirect tables. */
  readonly tables?: boolean;
}

interface Descriptor {
  readonly address: number;
  readonly bytes: number;
  readonly id: number;
  readonly flags: number;
}

/** A list that the driver has made available. */
export interface List {
  readonly id: number;
  /** Where its descriptors are in the ring. */
  readonly indices: readonly number[];
  /** Tables and all. */
  readonly buffers: readonly Buffer[];
  /** Flags in its table; none: it has no table. */
  readonly tableFlags: readonly number[];
}

export class MockDevice {
  readonly queue: DriverQueue;
  /** The memory as the driver half reaches it: what that did, in order. */
  readonly watched = new WatchedMemory(new ArrayBuffer(RAM_BYTES));
  readonly size: number;
  /** The same bytes, as the device reaches them. */
  private readonly memory = new LinearMemory(this.watched.bytes.buffer);
  private avail = START;
  private used = START;

  constructor(
    { open }: PackedDriverQueuePart,
    { size = SIZE, tables = true, ...options }: MockOptions = {},
  ) {
    const all = { indirect: false, eventIdx: false, inOrder: false, ...options };
    const setup: QueueSetup = { size, descriptors: 0, driver: DRIVER_EVENT, device: DEVICE_EVENT };
    const given = { address: TABLES, iova: TABLES_IOVA, entries: ENTRIES };
    this.size = size;
    this.queue = open(this.watched, setup, all, tables ? given : undefined);
  }

  // -------------------------------------------------------------------------- what it reads

  descriptor(index: number): Descriptor {
    return this.descriptorAt(DESC_BYTES * index);
  }

  private descriptorAt(at: number): Descriptor {
    return {
      address: this.memory.load32(at + ADDR) + HIGH_HALF * this.memory.load32(at + ADDR + 4),
      bytes: this.memory.load32(at + LEN),
      id: this.memory.load16(at + ID),
      flags: this.memory.load16(at + FLAGS),
    };
  }

  /** Whether the next descriptor is available (§2.8.1). */
  get hasNext(): boolean {
    return this.isAvailable(this.avail);
  }

  private isAvailable({ offset, wrap }: Position): boolean {
    return (this.descriptor(offset).flags & (AVAIL | USED)) === (wrap === 1 ? AVAIL : USED);
  }

  /** The next list. @throws Mismatch when there is none, or it is not as §2.8.6 has it. */
  newList(): List {
    const indices: number[] = [];
    for (let at = this.avail; ; at = behind(at, 1, this.size)) {
      if (!this.isAvailable(at) || indices.length === this.size) {
        const seen = `flags 0x${this.descriptor(at.offset).flags.toString(16)} there`;
        throw new Mismatch(`descriptor ${at.offset} to be available, in lap ${at.wrap}`, seen);
      }
      indices.push(at.offset);
      const { id, flags } = this.descriptor(at.offset);
      if ((flags & NEXT) === 0) {
        this.avail = behind(at, 1, this.size);
        return { id, indices, ...this.contentsOf(indices) };
      }
    }
  }

  private contentsOf(indices: readonly number[]): Pick<List, 'buffers' | 'tableFlags'> {
    const descriptors = indices.map((index) => this.descriptor(index));
    if (!descriptors.some(({ flags }) => (flags & INDIRECT) !== 0)) {
      return { buffers: descriptors.map(bufferOf), tableFlags: [] };
    }
    if (descriptors.length > 1) {
      throw new Mismatch('a list of descriptors, or one table', 'a table in a list');
    }
    const table = this.table(descriptors[0]);
    return { buffers: table.map(bufferOf), tableFlags: table.map(({ flags }) => flags) };
  }

  private table({ address, bytes }: Descriptor): readonly Descriptor[] {
    const at = address - TABLES_IOVA;
    const end = DESC_BYTES * ENTRIES * this.size;
    if (bytes === 0 || bytes % DESC_BYTES !== 0 || !(at >= 0 && at + bytes <= end)) {
      const where = `${bytes} bytes at 0x${address.toString(16)}`;
      throw new Mismatch('a table of descriptors in the memory that is for tables', where);
    }
    return Array.from({ length: bytes / DESC_BYTES }, (_, index) =>
      this.descriptorAt(TABLES + at + DESC_BYTES * index),
    );
  }

  /** What the driver wants to be told of: 0 everything, 1 nothing, 2 the descriptor at a position. */
  get driverEvent(): { readonly flags: number; readonly offset: number; readonly wrap: number } {
    const event = this.memory.load16(DRIVER_EVENT + EVENT_DESC);
    const flags = this.memory.load16(DRIVER_EVENT + EVENT_FLAGS);
    return { flags, offset: event & 0x7fff, wrap: event >>> 15 };
  }

  /** Whether a driver that asks for that is told of the descriptor that is used next. */
  get tellsOfNext(): boolean {
    const { flags, offset, wrap } = this.driverEvent;
    const isNext = offset === this.used.offset && wrap === this.used.wrap;
    return flags === eventFlags.ENABLE || (flags === eventFlags.DESC && isNext);
  }

  // ------------------------------------------------------------------------- what it writes

  /** Uses a list, or several with one descriptor, that names the last (§2.8.8). */
  use(lists: List | readonly List[], written: number): void {
    const all = 'id' in lists ? [lists] : lists;
    this.writeUsed({ id: all[all.length - 1].id, bytes: written });
    for (const { indices } of all) {
      this.used = behind(this.used, indices.length, this.size);
    }
  }

  /** At the place where the next used descriptor is expected. @param flags  besides AVAIL and USED. */
  writeUsed({ id, bytes, flags = bytes === 0 ? 0 : WRITE }: UsedDescriptor): void {
    const at = DESC_BYTES * this.used.offset;
    this.memory.store32(at + LEN, bytes);
    this.memory.store16(at + ID, id);
    this.memory.store16(at + FLAGS, flags | (this.used.wrap === 1 ? AVAIL | USED : 0));
  }

  /** What it wants to be told of (§2.8.10). */
  wants(flags: number, { offset, wrap }: Position = { offset: 0, wrap: 0 }): void {
    this.memory.store16(DEVICE_EVENT + EVENT_DESC, offset | (wrap << 15));
    this.memory.store16(DEVICE_EVENT + EVENT_FLAGS, flags);
  }

  /** The flags of a descriptor, all of them. */
  setFlags(index: number, flags: number): void {
    this.memory.store16(this.places.flags(index), flags);
  }

  /** Writes nonsense over the addresses, lengths and ids of the ring, and over the tables. */
  scribble(): void {
    for (let index = 0; index < this.size; index++) {
      this.memory.bytes.fill(0xff, DESC_BYTES * index, DESC_BYTES * index + FLAGS);
    }
    this.memory.bytes.fill(0xff, TABLES, TABLES + DESC_BYTES * ENTRIES * this.size);
  }

  // --------------------------------------------------------------------- where things are

  readonly places = {
    behindTables: TABLES + DESC_BYTES * ENTRIES * SIZE,
    desc: (index: number): number => DESC_BYTES * index,
    flags: (index: number): number => DESC_BYTES * index + FLAGS,
    id: (index: number): number => DESC_BYTES * index + ID,
    len: (index: number): number => DESC_BYTES * index + LEN,
    driverEvent: DRIVER_EVENT + EVENT_FLAGS,
    deviceEvent: DEVICE_EVENT + EVENT_FLAGS,
    driverEventOffset: DRIVER_EVENT + EVENT_DESC,
    deviceEventOffset: DEVICE_EVENT + EVENT_DESC,
  };
}

interface UsedDescriptor {
  readonly id: number;
  readonly bytes: number;
  readonly flags?: number;
}

function bufferOf({ address, bytes, flags }: Descriptor): Buffer {
  return [address, bytes, (flags & WRITE) !== 0];
}
