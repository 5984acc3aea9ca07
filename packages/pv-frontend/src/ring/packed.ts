/**
 * The driver half of a packed virtqueue, VIRTIO 1.3 §2.8: one ring of descriptors, which driver
 * and device both write. The device is not trusted: what it returns is copied, then checked, then
 * used.
 *
 * The queue's memory must be zeroed before (§2.8.13).
 */
import {
  DESC_BYTES,
  descFlags,
  eventFlags,
  eventSuppress,
  needEvent,
  packedDesc,
  RingError,
  type Chain,
  type QueueSetup,
  type RingMemory,
  type RingOptions,
} from '@doorbell/abi';
import { writableBytes } from './chain-bytes.ts';
import type { DriverQueue } from './driver-queue.ts';
import { checkSetup, type IndirectTables } from './queue-layout.ts';

const { NEXT, WRITE, INDIRECT, AVAIL, USED } = descFlags;
const { addr: ADDR, len: LEN, id: ID, flags: FLAGS } = packedDesc.offsets;
const { desc: EVENT_DESC, flags: EVENT_FLAGS } = eventSuppress.offsets;
const HIGH_HALF = 2 ** -32;

export class PackedDriverQueue implements DriverQueue {
  readonly size: number;
  free: number;
  descriptors = 0;
  suppressed = 0;
  usedLength = 0;

  private readonly memory: RingMemory;
  private readonly eventIdx: boolean;
  private readonly inOrder: boolean;
  private readonly tables: IndirectTables | undefined;
  /** The descriptor ring, and the driver's and the device's event suppression structures. */
  private readonly desc: number;
  private readonly driverEvent: number;
  private readonly deviceEvent: number;

  // A position has a wrap counter (§2.8.1), kept as the flags that it gives a descriptor there.
  private nextAvail = 0;
  private availFlags: number = AVAIL;
  private nextUsed = 0;
  private usedFlags: number = AVAIL | USED;

  // What was added but not published. The flags of the first descriptor are written last.
  private first = 0;
  private firstFlags = 0;
  private addedChains = 0;
  private addedPlaces = 0;
  private added = 0;

  /** Chains run freely: how many were added, published and taken, modulo 2^16. */
  private addedIdx = 0;
  private published = 0;
  private taken = 0;
  /** In order: the chains up to here were used by descriptors that were read already (§2.8.8). */
  private batchEnd = 0;
  private batchLength = 0;

  /** Buffer ids that are free; the next one on top. */
  private readonly ids: Uint16Array;
  private freeIds: number;

  // Outstanding chains, by their buffer id.
  /** Descriptors of the ring that it takes; 0: it is not outstanding. */
  private readonly counts: Uint16Array;
  /** Bytes that the device may write. */
  private readonly writable: Float64Array;
  /** The how manieth chain it is, modulo 2^16. */
  private readonly sequences: Uint16Array;
  /** In order: buffer ids of outstanding chains, and where the oldest is. */
  private readonly order: Uint16Array;
  private newest = 0;
  private oldest = 0;
  private error: RingError | undefined = undefined;

  /** @param setup  addresses as `memory` has them. @throws RangeError when no queue is like that. */
  constructor(
    memory: RingMemory,
    setup: QueueSetup,
    options: RingOptions,
    tables?: IndirectTables,
  ) {
    checkSetup(true, setup);
    const { size } = setup;
    this.memory = memory;
    this.size = size;
    this.free = size;
    this.desc = setup.descriptors;
    this.driverEvent = setup.driver;
    this.deviceEvent = setup.device;
    this.eventIdx = options.eventIdx;
    this.inOrder = options.inOrder;
    this.tables = options.indirect ? tables : undefined;
    this.ids = Uint16Array.from({ length: size }, (_, i) => size - 1 - i);
    this.freeIds = size;
    this.counts = new Uint16Array(size);
    this.writable = new Float64Array(size);
    this.sequences = new Uint16Array(size);
    this.order = new Uint16Array(size);
  }

  // ---------------------------------------------- §2.8.21 Supplying Buffers to The Device

  add(chain: Chain): number {
    this.checkError();
    const writable = writableBytes(chain, this.size);
    const indirect =
      this.tables !== undefined && chain.count > 1 && chain.count <= this.tables.entries;
    const places = indirect ? 1 : chain.count;
    // §2.8.17: there is room for the whole list before its first descriptor is available.
    if (places > this.free) {
      return -1;
    }
    const id = this.ids[--this.freeIds];
    if (indirect) {
      this.writeIndirect(id, chain);
    } else {
      this.writeDirect(id, chain);
    }
    this.free -= places;
    this.counts[id] = places;
    this.writable[id] = writable;
    this.sequences[id] = this.addedIdx;
    this.addedIdx = (this.addedIdx + 1) & 0xffff;
    this.order[this.newest] = id;
    this.newest = this.newest + 1 === this.size ? 0 : this.newest + 1;
    this.addedChains++;
    this.addedPlaces += places;
    this.added += indirect ? chain.count + 1 : chain.count;
    return id;
  }

  /** §2.8.6: a descriptor for each buffer. */
  private writeDirect(id: number, chain: Chain): void {
    const last = chain.count - 1;
    for (let i = 0; i <= last; i++) {
      const write = i >= chain.readable ? WRITE : 0;
      const next = i < last ? NEXT : 0;
      this.place(chain.addresses[i], chain.lengths[i], id, write | next);
    }
  }

  /** §2.8.7: one descriptor that refers to a table, in which WRITE is the only flag. */
  private writeIndirect(id: number, chain: Chain): void {
    const { address, iova, entries } = this.tables!;
    const offset = DESC_BYTES * entries * id;
    for (let i = 0; i < chain.count; i++) {
      const at = address + offset + DESC_BYTES * i;
      this.writeBuffer(at, chain.addresses[i], chain.lengths[i]);
      this.memory.store32(at + ID, i >= chain.readable ? WRITE << 16 : 0);
    }
    this.place(iova + offset, DESC_BYTES * chain.count, id, INDIRECT);
  }

  /** §2.8.21.1: the next descriptor of the ring, but for the flags of the first since `publish`. */
  private place(address: number, length: number, id: number, kind: number): void {
    const at = this.desc + DESC_BYTES * this.nextAvail;
    const flags = kind | this.availFlags;
    this.writeBuffer(at, address, length);
    if (this.firstFlags === 0) {
      this.memory.store16(at + ID, id);
      this.first = at;
      this.firstFlags = flags;
    } else {
      this.memory.store32(at + ID, (id | (flags << 16)) >>> 0);
    }
    if (++this.nextAvail === this.size) {
      this.nextAvail = 0;
      this.availFlags ^= AVAIL | USED;
    }
  }

  private writeBuffer(at: number, address: number, length: number): void {
    this.memory.store32(at + ADDR, address >>> 0);
    this.memory.store32(at + ADDR + 4, (address * HIGH_HALF) >>> 0);
    this.memory.store32(at + LEN, length);
  }

  publish(): boolean {
    this.checkError();
    if (this.addedChains === 0) {
      return false;
    }
    // The device sees all descriptors before it finds the first one available (§2.8.21.1.1).
    this.memory.release16(this.first + FLAGS, this.firstFlags);
    const places = this.addedPlaces;
    this.published = this.addedIdx;
    this.descriptors += this.added;
    this.firstFlags = 0;
    this.addedChains = 0;
    this.addedPlaces = 0;
    this.added = 0;
    // It sees them before we look whether it wants to know (§2.8.21.3.1).
    this.memory.fence();
    const wanted = this.wantsNotification(places);
    if (!wanted) {
      this.suppressed++;
    }
    return wanted;
  }

  /** §2.8.10, of the device's event suppression structure, after `places` descriptors. */
  private wantsNotification(places: number): boolean {
    const kind = this.memory.acquire16(this.deviceEvent + EVENT_FLAGS) & 3;
    if (kind !== eventFlags.DESC || !this.eventIdx) {
      return kind !== eventFlags.DISABLE;
    }
    const event = this.memory.acquire16(this.deviceEvent + EVENT_DESC);
    // Positions of this lap count from 0, those of the lap before end at -1.
    const sameLap = event >>> 15 === (this.availFlags & AVAIL) >>> 7;
    const offset = (event & 0x7fff) - (sameLap ? 0 : this.size);
    return needEvent(offset, this.nextAvail, this.nextAvail - places);
  }

  // ------------------------------------------ §2.8.22 Receiving Used Buffers From The Device

  take(): number {
    this.checkError();
    return this.inOrder ? this.takeInOrder() : this.takeAny();
  }

  private takeAny(): number {
    const id = this.readUsed();
    return id < 0 ? -1 : this.complete(id, this.batchLength);
  }

  /** §2.8.8: one descriptor may stand for a batch of chains, of which it names the last. */
  private takeInOrder(): number {
    if (this.taken === this.batchEnd) {
      const id = this.readUsed();
      if (id < 0) {
        return -1;
      }
      this.batchEnd = (this.sequences[id] + 1) & 0xffff;
    }
    const id = this.order[this.oldest];
    this.oldest = this.oldest + 1 === this.size ? 0 : this.oldest + 1;
    const last = ((this.taken + 1) & 0xffff) === this.batchEnd;
    // Chains that were skipped are assumed to have been used completely.
    return this.complete(id, last ? this.batchLength : this.writable[id]);
  }

  /** Reads the next used descriptor: its buffer id, or -1 when the device has used no more. */
  private readUsed(): number {
    const at = this.desc + DESC_BYTES * this.nextUsed;
    const flags = this.memory.acquire16(at + FLAGS);
    if ((flags & (AVAIL | USED)) !== this.usedFlags) {
      return -1;
    }
    const id = this.memory.load16(at + ID);
    const length = this.memory.load32(at + LEN);
    this.batchLength = this.checkUsed(id, length, flags);
    return id;
  }

  /** Gives how many bytes the device wrote. */
  private checkUsed(id: number, length: number, flags: number): number {
    if (id >= this.size || this.counts[id] === 0 || this.isUnpublished(id)) {
      throw this.broken(
        `The device used buffer id ${id}, which was not made available to it (VIRTIO 1.3 §2.8.6).`,
      );
    }
    if (length <= this.writable[id]) {
      // QEMU gives the length without the WRITE flag, and Linux reads it all the same.
      return length;
    }
    if ((flags & WRITE) === 0) {
      // §2.8.4: the length is reserved.
      return 0;
    }
    throw this.broken(
      `The device says that it wrote ${length} bytes to buffer id ${id}, which has room for ${this.writable[id]} (VIRTIO 1.3 §2.8.4).`,
    );
  }

  private isUnpublished(id: number): boolean {
    const unpublished = (this.addedIdx - this.published) & 0xffff;
    return ((this.sequences[id] - this.published) & 0xffff) < unpublished;
  }

  private complete(id: number, length: number): number {
    const places = this.counts[id];
    this.nextUsed += places;
    if (this.nextUsed >= this.size) {
      this.nextUsed -= this.size;
      this.usedFlags ^= AVAIL | USED;
    }
    this.counts[id] = 0;
    this.free += places;
    this.ids[this.freeIds++] = id;
    this.taken = (this.taken + 1) & 0xffff;
    this.usedLength = length;
    return id;
  }

  // --------------------------------------- §2.8.10 Driver and Device Event Suppression

  disableNotifications(): void {
    this.checkError();
    this.memory.store16(this.driverEvent + EVENT_FLAGS, eventFlags.DISABLE);
  }

  enableNotifications(): boolean {
    this.checkError();
    if (this.eventIdx) {
      const event = this.nextUsed | (this.usedFlags & USED);
      this.memory.store16(this.driverEvent + EVENT_DESC, event);
      this.memory.release16(this.driverEvent + EVENT_FLAGS, eventFlags.DESC);
    } else {
      this.memory.release16(this.driverEvent + EVENT_FLAGS, eventFlags.ENABLE);
    }
    // The device may have looked before it could see this: look again (§2.8.22).
    this.memory.fence();
    if (this.taken !== this.batchEnd && this.inOrder) {
      return false;
    }
    const flags = this.memory.acquire16(this.desc + DESC_BYTES * this.nextUsed + FLAGS);
    return (flags & (AVAIL | USED)) !== this.usedFlags;
  }

  // ------------------------------------------------------------------------------- errors

  private checkError(): void {
    if (this.error !== undefined) {
      throw this.error;
    }
  }

  private broken(rule: string): RingError {
    this.error = new RingError(rule);
    return this.error;
  }
}
