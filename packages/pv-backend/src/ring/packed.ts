/**
 * The device half of a packed virtqueue, VIRTIO 1.3 §2.8: one ring of descriptors, which driver
 * and device both write. The driver is not trusted: each field is copied once, then checked, then
 * used.
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
  type DeviceMemory,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import { ChainCheck } from './chain-check.ts';
import type { DeviceQueue } from './device-queue.ts';
import { checkQueue } from './queue-check.ts';

const { NEXT, WRITE, INDIRECT, AVAIL, USED } = descFlags;
const { addr: ADDR, len: LEN, id: ID, flags: FLAGS } = packedDesc.offsets;
const { desc: EVENT_DESC, flags: EVENT_FLAGS } = eventSuppress.offsets;

/** What a buffer id is to the device. */
const FREE = 0;
const TAKEN = 1;
/** In order: returned, but one before it is not. */
const WAITING = 2;

export class PackedDeviceQueue implements DeviceQueue {
  readonly size: number;
  descriptors = 0;
  suppressed = 0;

  private readonly memory: DeviceMemory;
  private readonly check: ChainCheck;
  private readonly indirect: boolean;
  private readonly eventIdx: boolean;
  private readonly inOrder: boolean;
  /** The descriptor ring, and the driver's and the device's event suppression structures. */
  private readonly desc: number;
  private readonly driverEvent: number;
  private readonly deviceEvent: number;

  // A position has a wrap counter (§2.8.1), kept as the flags that it gives a descriptor there.
  private nextAvail = 0;
  private availFlags: number = AVAIL;
  private nextUsed = 0;
  private usedFlags: number = AVAIL | USED;
  /** Descriptors from `nextUsed` to `nextAvail`. */
  private outstanding = 0;

  // What was used but not published. The flags of the first descriptor are written last.
  private first = 0;
  private firstFlags = 0;
  private hasFirst = false;
  private usedPlaces = 0;

  // In order (§2.8.8): one descriptor, where the first of a batch was, names the last.
  private batchStart = 0;
  private batchFlags = 0;
  private batchId = 0;
  private batchLength = 0;
  private batchChains = 0;

  // Chains, by their buffer id.
  private readonly states: Uint8Array;
  /** Descriptors of the ring that it takes. */
  private readonly counts: Uint16Array;
  /** Bytes that the device may write. */
  private readonly writable: Float64Array;
  /** Bytes that it wrote. */
  private readonly lengths: Float64Array;
  /** In order: buffer ids of chains that were not used yet. */
  private readonly order: Uint16Array;
  private newest = 0;
  private oldest = 0;
  private error: RingError | undefined = undefined;

  /** @throws RingError when the driver's queue is none, or cannot be reached. */
  constructor(memory: DeviceMemory, setup: QueueSetup, options: RingOptions) {
    checkQueue(true, memory, setup);
    const { size } = setup;
    this.memory = memory;
    this.check = new ChainCheck(memory);
    this.size = size;
    this.desc = setup.descriptors;
    this.driverEvent = setup.driver;
    this.deviceEvent = setup.device;
    this.indirect = options.indirect;
    this.eventIdx = options.eventIdx;
    this.inOrder = options.inOrder;
    this.states = new Uint8Array(size);
    this.counts = new Uint16Array(size);
    this.writable = new Float64Array(size);
    this.lengths = new Float64Array(size);
    this.order = new Uint16Array(size);
  }

  get nextIndex(): number {
    return this.nextAvail;
  }

  // ------------------------------------- §2.8.2 Polling of available and used descriptors

  next(chain: Chain): boolean {
    this.checkError();
    const at = this.desc + DESC_BYTES * this.nextAvail;
    const flags = this.memory.acquire16(at + FLAGS);
    if ((flags & (AVAIL | USED)) !== this.availFlags) {
      return false;
    }
    if (this.outstanding === this.size) {
      throw this.broken(
        'The driver made a descriptor available that the device has not used (VIRTIO 1.3 §2.8.16).',
      );
    }
    const before = this.outstanding;
    const id = this.readChain(at, flags, chain);
    if (id >= this.size) {
      throw this.broken(`A buffer id is ${id}, in a queue of ${this.size} (VIRTIO 1.3 §2.8.22).`);
    }
    if (this.states[id] !== FREE) {
      throw this.broken(
        `The driver made buffer id ${id} available, which the device has not returned (VIRTIO 1.3 §2.8.21.1).`,
      );
    }
    chain.id = id;
    this.states[id] = TAKEN;
    this.counts[id] = this.outstanding - before;
    this.writable[id] = this.check.writable;
    this.order[this.newest] = id;
    this.newest = this.newest + 1 === this.size ? 0 : this.newest + 1;
    return true;
  }

  /** §2.8.6: gives the buffer id, which the last descriptor of the list has. */
  private readChain(head: number, headFlags: number, chain: Chain): number {
    this.check.start(chain);
    this.descriptors++;
    let id = this.memory.load16(head + ID);
    if ((headFlags & INDIRECT) !== 0) {
      this.readTable(head, headFlags, chain);
      this.advance();
      return id;
    }
    this.readBuffer(head, headFlags, chain);
    this.advance();
    let flags = headFlags;
    while ((flags & NEXT) !== 0) {
      if (this.outstanding === this.size) {
        throw this.broken(
          `A list does not end within the ${this.size} descriptors of the ring (VIRTIO 1.3 §2.8.17).`,
        );
      }
      const at = this.desc + DESC_BYTES * this.nextAvail;
      const word = this.memory.load32(at + ID);
      id = word & 0xffff;
      flags = word >>> 16;
      this.descriptors++;
      this.checkTail(flags);
      this.readBuffer(at, flags, chain);
      this.advance();
    }
    return id;
  }

  private checkTail(flags: number): void {
    if ((flags & (AVAIL | USED)) !== this.availFlags) {
      throw this.broken(
        'A descriptor of a list is not available, though the first one is (VIRTIO 1.3 §2.8.6, §2.8.17).',
      );
    }
    if ((flags & INDIRECT) !== 0) {
      throw this.broken('A descriptor is both indirect and chained (VIRTIO 1.3 §2.8.19).');
    }
  }

  private advance(): void {
    this.outstanding++;
    if (++this.nextAvail === this.size) {
      this.nextAvail = 0;
      this.availFlags ^= AVAIL | USED;
    }
  }

  private readBuffer(at: number, flags: number, chain: Chain): void {
    const low = this.memory.load32(at + ADDR);
    const high = this.memory.load32(at + ADDR + 4);
    const length = this.memory.load32(at + LEN);
    const rule = this.check.add(chain, low, high, length, flags);
    if (rule !== '') {
      throw this.broken(rule);
    }
  }

  // ------------------------------------ §2.8.7 Indirect Flag: Scatter-Gather Support

  /** WRITE is ignored in what refers to a table. */
  private readTable(desc: number, flags: number, chain: Chain): void {
    if (!this.indirect) {
      throw this.broken('A descriptor is indirect, which was not negotiated (VIRTIO 1.3 §2.8.19).');
    }
    if ((flags & NEXT) !== 0) {
      throw this.broken('A descriptor is both indirect and chained (VIRTIO 1.3 §2.8.19).');
    }
    const low = this.memory.load32(desc + ADDR);
    const high = this.memory.load32(desc + ADDR + 4);
    const length = this.memory.load32(desc + LEN);
    const rule = this.check.table(low, high, length);
    if (rule !== '') {
      throw this.broken(rule);
    }
    // All entries count, one after the other; flags other than WRITE are ignored.
    const table = this.check.tableAddress;
    for (let at = table; at < table + length; at += DESC_BYTES) {
      this.descriptors++;
      this.readBuffer(at, this.memory.load16(at + FLAGS), chain);
    }
  }

  // ------------------------------------------------ §2.8.1 marking descriptors as used

  put(id: number, written: number): void {
    this.checkError();
    if (this.states[id] !== TAKEN || !(written >= 0 && written <= this.writable[id])) {
      throw new RangeError(`The device half returns buffer id ${id} with ${written} bytes.`);
    }
    this.states[id] = WAITING;
    this.lengths[id] = written;
    if (this.inOrder) {
      this.useInOrder();
    } else {
      this.use(id);
      this.endBatch();
    }
  }

  /** §6.2: chains are used in the order in which they were made available. */
  private useInOrder(): void {
    for (;;) {
      const id = this.order[this.oldest];
      if (this.states[id] !== WAITING) {
        return;
      }
      this.oldest = this.oldest + 1 === this.size ? 0 : this.oldest + 1;
      this.use(id);
      // Only a chain that was used completely can be skipped (§2.8.8): another one ends its batch.
      if (this.batchLength !== this.writable[id]) {
        this.endBatch();
      }
    }
  }

  /** Adds a chain to the batch, and skips forward by as many descriptors as it had (§2.8.6). */
  private use(id: number): void {
    if (this.batchChains === 0) {
      this.batchStart = this.desc + DESC_BYTES * this.nextUsed;
      this.batchFlags = this.usedFlags;
    }
    this.batchChains++;
    this.batchId = id;
    this.batchLength = this.lengths[id];
    this.states[id] = FREE;
    const places = this.counts[id];
    this.outstanding -= places;
    this.usedPlaces += places;
    this.nextUsed += places;
    if (this.nextUsed >= this.size) {
      this.nextUsed -= this.size;
      this.usedFlags ^= AVAIL | USED;
    }
  }

  /** Writes a used descriptor, but for the flags of the first since `publish`. */
  private endBatch(): void {
    if (this.batchChains === 0) {
      return;
    }
    this.batchChains = 0;
    const at = this.batchStart;
    const id = this.batchId;
    // §2.8.3: whether anything was written.
    const flags = this.batchFlags | (this.batchLength === 0 ? 0 : WRITE);
    this.memory.store32(at + LEN, this.batchLength);
    if (this.hasFirst) {
      this.memory.store32(at + ID, (id | (flags << 16)) >>> 0);
    } else {
      this.memory.store16(at + ID, id);
      this.hasFirst = true;
      this.first = at;
      this.firstFlags = flags;
    }
  }

  publish(): boolean {
    this.checkError();
    this.endBatch();
    if (!this.hasFirst) {
      return false;
    }
    // The driver sees all descriptors, and the buffers, before it finds the first one used.
    this.memory.release16(this.first + FLAGS, this.firstFlags);
    const places = this.usedPlaces;
    this.hasFirst = false;
    this.usedPlaces = 0;
    // It sees them before we look whether it wants to know (§2.8.10).
    this.memory.fence();
    const wanted = this.wantsNotification(places);
    if (!wanted) {
      this.suppressed++;
    }
    return wanted;
  }

  /** §2.8.10, of the driver's event suppression structure, after `places` descriptors. */
  private wantsNotification(places: number): boolean {
    const kind = this.memory.acquire16(this.driverEvent + EVENT_FLAGS) & 3;
    if (kind !== eventFlags.DESC || !this.eventIdx) {
      return kind !== eventFlags.DISABLE;
    }
    const event = this.memory.acquire16(this.driverEvent + EVENT_DESC);
    // Positions of this lap count from 0, those of the lap before end at -1.
    const sameLap = event >>> 15 === this.usedFlags >>> 15;
    const offset = (event & 0x7fff) - (sameLap ? 0 : this.size);
    return needEvent(offset, this.nextUsed, this.nextUsed - places);
  }

  // --------------------------------------- §2.8.10 Driver and Device Event Suppression

  disableNotifications(): void {
    this.checkError();
    this.memory.store16(this.deviceEvent + EVENT_FLAGS, eventFlags.DISABLE);
  }

  enableNotifications(): boolean {
    this.checkError();
    if (this.eventIdx) {
      const event = this.nextAvail | ((this.availFlags & AVAIL) << 8);
      this.memory.store16(this.deviceEvent + EVENT_DESC, event);
      this.memory.release16(this.deviceEvent + EVENT_FLAGS, eventFlags.DESC);
    } else {
      this.memory.release16(this.deviceEvent + EVENT_FLAGS, eventFlags.ENABLE);
    }
    // The driver may have looked before it could see this: look again.
    this.memory.fence();
    const flags = this.memory.acquire16(this.desc + DESC_BYTES * this.nextAvail + FLAGS);
    return (flags & (AVAIL | USED)) !== this.availFlags;
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
