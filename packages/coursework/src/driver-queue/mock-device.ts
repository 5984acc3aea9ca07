/**
 * The device half of a split virtqueue, right or wrong: it reads what the driver wrote, word by word,
 * and writes what a check says. It knows nothing of the device half that this project has.
 */
import {
  availRing,
  DESC_BYTES,
  descFlags,
  LinearMemory,
  usedRing,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import type { DriverQueue } from '@doorbell/pv-frontend';
import { Mismatch } from '../check/mismatch.ts';
import type { DriverQueuePart } from '../part.ts';
import type { Buffer } from '../ring/driver-half.ts';
import { WatchedMemory } from '../ring/watched-memory.ts';

const { NEXT, WRITE, INDIRECT } = descFlags;
const RAM_BYTES = 0x2_0000;
export const SIZE = 4;
/** Descriptors of each indirect table. */
export const ENTRIES = 3;
/** The descriptor table, the available ring, the used ring. */
const setup: QueueSetup = { size: SIZE, descriptors: 0, driver: 0x40, device: 0x80 };
const TABLES = 0x1000;
/** The device sees the tables by other addresses than the driver's CPU does: an IOMMU is between. */
const TABLES_IOVA = 0x40_1000;
const HIGH_HALF = 2 ** 32;

export interface MockOptions extends Partial<RingOptions> {
  /** Whether the half is given room for indirect tables. */
  readonly tables?: boolean;
}

/** A descriptor, as it stands in memory. */
export interface Descriptor {
  readonly address: number;
  readonly bytes: number;
  readonly flags: number;
  readonly next: number;
}

export class MockDevice {
  readonly queue: DriverQueue;
  /** The memory as the driver half reaches it: what that did, in order. */
  readonly watched = new WatchedMemory(new ArrayBuffer(RAM_BYTES));
  /** The same bytes, as the device reaches them. */
  private readonly memory = new LinearMemory(this.watched.bytes.buffer);
  /** The chains up to here were seen. */
  private lastAvail = 0;

  constructor({ open }: DriverQueuePart, { tables = true, ...options }: MockOptions = {}) {
    const all = { indirect: false, eventIdx: false, inOrder: false, ...options };
    const given = { address: TABLES, iova: TABLES_IOVA, entries: ENTRIES };
    this.queue = open(this.watched, setup, all, tables ? given : undefined);
  }

  // -------------------------------------------------------------------------- what it reads

  get availIdx(): number {
    return this.memory.load16(setup.driver + availRing.IDX);
  }

  get availFlags(): number {
    return this.memory.load16(setup.driver + availRing.FLAGS);
  }

  get usedEvent(): number {
    return this.memory.load16(setup.driver + availRing.usedEvent(SIZE));
  }

  /** The head in an entry of the available ring. */
  head(entry: number): number {
    return this.memory.load16(this.places.availEntry(entry));
  }

  descriptor(index: number): Descriptor {
    return this.descriptorAt(this.places.descriptor(index));
  }

  private descriptorAt(at: number): Descriptor {
    return {
      address: this.memory.load32(at) + HIGH_HALF * this.memory.load32(at + 4),
      bytes: this.memory.load32(at + 8),
      flags: this.memory.load16(at + 12),
      next: this.memory.load16(at + 14),
    };
  }

  /** Heads that the driver has made available since it was asked last. */
  newHeads(): readonly number[] {
    const count = (this.availIdx - this.lastAvail) & 0xffff;
    if (count > SIZE) {
      throw new Mismatch(`idx to move by ${SIZE} at most`, `by ${count}`);
    }
    const heads = Array.from({ length: count }, (_, index) => this.head(this.lastAvail + index));
    this.lastAvail = this.availIdx;
    return heads;
  }

  /** The one head that the driver has made available since. */
  newHead(): number {
    const heads = this.newHeads();
    if (heads.length !== 1) {
      throw new Mismatch('one new chain in the available ring', String(heads.length));
    }
    return heads[0];
  }

  /** Indices of the descriptors of a chain in the table. @throws Mismatch when it is none. */
  chain(head: number): readonly number[] {
    const indices = [head];
    for (;;) {
      const index = indices[indices.length - 1];
      if (index >= SIZE) {
        throw new Mismatch(`a descriptor of ${SIZE}`, `number ${index}`);
      }
      const { flags, next } = this.descriptor(index);
      if ((flags & NEXT) === 0) {
        return indices;
      }
      if ((flags & INDIRECT) !== 0) {
        throw new Mismatch('INDIRECT or NEXT', `both, in descriptor ${index}`);
      }
      if (indices.includes(next)) {
        throw new Mismatch('a chain that ends', `a loop, of descriptors ${indices.join(', ')}`);
      }
      indices.push(next);
    }
  }

  /** The table that a descriptor refers to: its descriptors. @throws Mismatch when it is none. */
  table({ address, bytes }: Descriptor): readonly Descriptor[] {
    const at = address - TABLES_IOVA;
    const end = DESC_BYTES * ENTRIES * SIZE;
    if (bytes === 0 || bytes % DESC_BYTES !== 0 || !(at >= 0 && at + bytes <= end)) {
      const where = `${bytes} bytes at 0x${address.toString(16)}`;
      throw new Mismatch('a table of descriptors in the memory that is for tables', where);
    }
    return Array.from({ length: bytes / DESC_BYTES }, (_, index) =>
      this.descriptorAt(TABLES + at + DESC_BYTES * index),
    );
  }

  /** The buffers of a chain, tables and all. @throws Mismatch when it is none. */
  buffers(head: number): readonly Buffer[] {
    return this.chain(head).flatMap((index) => {
      const descriptor = this.descriptor(index);
      return (descriptor.flags & INDIRECT) === 0
        ? [bufferOf(descriptor)]
        : this.tableBuffers(this.table(descriptor));
    });
  }

  private tableBuffers(table: readonly Descriptor[]): readonly Buffer[] {
    const found: Buffer[] = [];
    for (let index = 0; ;) {
      if (index >= table.length || found.length === table.length) {
        throw new Mismatch('a table whose chain ends within it', `next ${index}`);
      }
      const { flags, next } = table[index];
      if ((flags & INDIRECT) !== 0) {
        throw new Mismatch('no INDIRECT in a table', `it, in descriptor ${index}`);
      }
      found.push(bufferOf(table[index]));
      if ((flags & NEXT) === 0) {
        return found;
      }
      index = next;
    }
  }

  // ------------------------------------------------------------------------- what it writes

  /** Entries of the used ring, and idx behind them. */
  use(...entries: readonly (readonly [id: number, length: number])[]): void {
    entries.forEach(([id, length], index) => {
      this.writeUsed(this.usedIdx + index, id, length);
    });
    this.usedIdx += entries.length;
  }

  writeUsed(entry: number, id: number, length: number): void {
    const at = this.places.usedEntry(entry);
    this.memory.store32(at, id);
    this.memory.store32(at + 4, length);
  }

  get usedIdx(): number {
    return this.memory.load16(setup.device + usedRing.IDX);
  }

  set usedIdx(idx: number) {
    this.memory.store16(setup.device + usedRing.IDX, idx & 0xffff);
  }

  set usedFlags(flags: number) {
    this.memory.store16(setup.device + usedRing.FLAGS, flags);
  }

  set availEvent(idx: number) {
    this.memory.store16(setup.device + usedRing.availEvent(SIZE), idx);
  }

  /** Writes ones over all that is the driver's, which no device may. */
  scribble(): void {
    this.memory.bytes.fill(0xff, setup.descriptors, setup.driver + availRing.bytes(SIZE));
    this.memory.bytes.fill(0xff, TABLES, TABLES + DESC_BYTES * ENTRIES * SIZE);
  }

  // --------------------------------------------------------------------- where things are

  readonly places = {
    behindTables: TABLES + DESC_BYTES * ENTRIES * SIZE,
    availIdx: setup.driver + availRing.IDX,
    availFlags: setup.driver + availRing.FLAGS,
    usedEvent: setup.driver + availRing.usedEvent(SIZE),
    availEntry: (entry: number): number =>
      setup.driver + availRing.RING + availRing.ENTRY_BYTES * (entry % SIZE),
    usedIdx: setup.device + usedRing.IDX,
    usedFlags: setup.device + usedRing.FLAGS,
    availEvent: setup.device + usedRing.availEvent(SIZE),
    usedEntry: (entry: number): number =>
      setup.device + usedRing.RING + usedRing.ENTRY_BYTES * (entry % SIZE),
    descriptor: (index: number): number => setup.descriptors + DESC_BYTES * index,
  };
}

function bufferOf({ address, bytes, flags }: Descriptor): Buffer {
  return [address, bytes, (flags & WRITE) !== 0];
}
