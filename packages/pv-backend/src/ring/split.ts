/**
 * The device half of a split virtqueue, VIRTIO 1.3 §2.7. It reads the descriptor table and the
 * available ring and writes the used ring. The driver is not trusted: each field is copied once,
 * then checked, then used.
 */
import {
  availRing,
  DESC_BYTES,
  descFlags,
  needEvent,
  AVAIL_NO_INTERRUPT,
  RingError,
  USED_NO_NOTIFY,
  usedRing,
  type Chain,
  type DeviceMemory,
  type QueueSetup,
  type RingOptions,
} from '@doorbell/abi';
import { ChainCheck } from './chain-check.ts';
import type { DeviceQueue } from './device-queue.ts';
import { checkQueue } from './queue-check.ts';

const { NEXT, INDIRECT } = descFlags;

/** What a chain is to the device. */
const FREE = 0;
const TAKEN = 1;
/** In order: returned, but one before it is not. */
const WAITING = 2;

export class SplitDeviceQueue implements DeviceQueue {
  readonly size: number;
  descriptors = 0;
  suppressed = 0;

  private readonly memory: DeviceMemory;
  private readonly check: ChainCheck;
  private readonly indirect: boolean;
  private readonly eventIdx: boolean;
  private readonly inOrder: boolean;
  private readonly mask: number;
  /** The descriptor table, the available ring and the used ring. */
  private readonly desc: number;
  private readonly avail: number;
  private readonly used: number;

  // Indices run freely and wrap at 2^16 (§2.7.13.3).
  /** The chains up to here were taken. */
  private lastAvail = 0;
  /** The available ring's idx when it was last read. */
  private availIdx = 0;
  /** Where the next entry goes in the used ring: ours alone until it is published. */
  private usedIdx = 0;
  /** The used ring's idx, as the driver sees it. */
  private published = 0;

  // In order (§2.7.9): one entry, where the first chain of a batch would have it, names the last.
  private batchStart = 0;
  private batchId = 0;
  private batchLength = 0;

  // Chains, by their first descriptor.
  private readonly states: Uint8Array;
  /** Bytes that the device may write. */
  private readonly writable: Float64Array;
  /** Bytes that it wrote. */
  private readonly lengths: Float64Array;
  /** Heads, by index in the available ring. */
  private readonly order: Uint16Array;
  private error: RingError | undefined = undefined;

  /**
   * @param first  the available index of the first chain, when another device has used the queue
   *   up to there.
   * @throws RingError when the driver's queue is none, or cannot be reached.
   */
  constructor(memory: DeviceMemory, setup: QueueSetup, options: RingOptions, first = 0) {
    checkQueue(false, memory, setup);
    const { size } = setup;
    this.memory = memory;
    this.check = new ChainCheck(memory);
    this.size = size;
    this.mask = size - 1;
    this.desc = setup.descriptors;
    this.avail = setup.driver;
    this.used = setup.device;
    this.indirect = options.indirect;
    this.eventIdx = options.eventIdx;
    this.inOrder = options.inOrder;
    this.states = new Uint8Array(size);
    this.writable = new Float64Array(size);
    this.lengths = new Float64Array(size);
    this.order = new Uint16Array(size);
    this.lastAvail = first;
    this.availIdx = first;
    this.usedIdx = first;
    this.published = first;
    this.batchStart = first;
  }

  get nextIndex(): number {
    return this.lastAvail;
  }

  // ------------------------------------------------- §2.7.6 The Virtqueue Available Ring

  next(chain: Chain): boolean {
    this.checkError();
    if (this.lastAvail === this.availIdx && !this.readAvailIdx()) {
      return false;
    }
    const entry = this.lastAvail & this.mask;
    const at = this.avail + availRing.RING + availRing.ENTRY_BYTES * entry;
    const head = this.memory.load16(at);
    if (head >= this.size) {
      throw this.broken(
        `The available ring names descriptor ${head} of ${this.size} (VIRTIO 1.3 §2.7.6).`,
      );
    }
    if (this.states[head] !== FREE) {
      throw this.broken(
        `The driver made chain ${head} available, which the device has not returned (VIRTIO 1.3 §2.7.13.1).`,
      );
    }
    this.readChain(head, chain);
    chain.id = head;
    this.states[head] = TAKEN;
    this.writable[head] = this.check.writable;
    this.order[entry] = head;
    this.lastAvail = (this.lastAvail + 1) & 0xffff;
    return true;
  }

  /** Whether the driver has made more available. */
  private readAvailIdx(): boolean {
    const availIdx = this.memory.acquire16(this.avail + availRing.IDX);
    const entries = (availIdx - this.lastAvail) & 0xffff;
    if (entries > this.size) {
      throw this.broken(
        `The driver advanced the available idx by ${entries} in a queue of ${this.size} (VIRTIO 1.3 §2.7.6, §2.7.13).`,
      );
    }
    this.availIdx = availIdx;
    return entries !== 0;
  }

  // ------------------------------------------- §2.7.5 The Virtqueue Descriptor Table

  private readChain(head: number, chain: Chain): void {
    this.check.start(chain);
    let index = head;
    // A chain is as long as the table at most, so it has no loop (§2.7.5, §2.7.5.2).
    for (let budget = this.size; budget > 0; budget--) {
      const at = this.desc + DESC_BYTES * index;
      const link = this.memory.load32(at + 12);
      this.descriptors++;
      if ((link & INDIRECT) !== 0) {
        this.readTable(at, link, chain);
        return;
      }
      this.readBuffer(at, link, chain);
      if ((link & NEXT) === 0) {
        return;
      }
      index = link >>> 16;
      if (index >= this.size) {
        throw this.broken(
          `A descriptor's next is ${index}, in a table of ${this.size} (VIRTIO 1.3 §2.7.5).`,
        );
      }
    }
    throw this.broken(
      `A chain is longer than the queue, ${this.size}: it has a loop (VIRTIO 1.3 §2.7.5.2).`,
    );
  }

  /** @param link  flags, and in the upper half the next descriptor's index. */
  private readBuffer(at: number, link: number, chain: Chain): void {
    const low = this.memory.load32(at);
    const high = this.memory.load32(at + 4);
    const length = this.memory.load32(at + 8);
    const rule = this.check.add(chain, low, high, length, link);
    if (rule !== '') {
      throw this.broken(rule);
    }
  }

  /** §2.7.5.3: the chain goes on in a table. WRITE is ignored in what refers to it (§2.7.5.3.2). */
  private readTable(desc: number, link: number, chain: Chain): void {
    if (!this.indirect) {
      throw this.broken(
        'A descriptor is indirect, which was not negotiated (VIRTIO 1.3 §2.7.5.3.1).',
      );
    }
    if ((link & NEXT) !== 0) {
      throw this.broken('A descriptor is both indirect and chained (VIRTIO 1.3 §2.7.5.3.1).');
    }
    const low = this.memory.load32(desc);
    const high = this.memory.load32(desc + 4);
    const length = this.memory.load32(desc + 8);
    const rule = this.check.table(low, high, length);
    if (rule !== '') {
      throw this.broken(rule);
    }
    this.readEntries(this.check.tableAddress, length / DESC_BYTES, chain);
  }

  private readEntries(table: number, entries: number, chain: Chain): void {
    let index = 0;
    for (let budget = entries; budget > 0; budget--) {
      const at = table + DESC_BYTES * index;
      const link = this.memory.load32(at + 12);
      this.descriptors++;
      if ((link & INDIRECT) !== 0) {
        throw this.broken('An indirect table refers to an indirect table (VIRTIO 1.3 §2.7.5.3.1).');
      }
      this.readBuffer(at, link, chain);
      if ((link & NEXT) === 0) {
        return;
      }
      index = link >>> 16;
      if (index >= entries) {
        throw this.broken(
          `A descriptor's next is ${index}, in an indirect table of ${entries} (VIRTIO 1.3 §2.7.5.3).`,
        );
      }
    }
    throw this.broken(
      `A chain is longer than its indirect table, ${entries}: it has a loop (VIRTIO 1.3 §2.7.5.2).`,
    );
  }

  // ------------------------------------------------------ §2.7.8 The Virtqueue Used Ring

  put(id: number, written: number): void {
    this.checkError();
    if (this.states[id] !== TAKEN || !(written >= 0 && written <= this.writable[id])) {
      throw new RangeError(`The device half returns chain ${id} with ${written} bytes.`);
    }
    if (!this.inOrder) {
      this.states[id] = FREE;
      this.writeEntry(this.usedIdx, id, written);
      this.usedIdx = (this.usedIdx + 1) & 0xffff;
      return;
    }
    this.states[id] = WAITING;
    this.lengths[id] = written;
    this.useInOrder();
  }

  /** §6.2: chains are used in the order in which they were made available. */
  private useInOrder(): void {
    while (this.usedIdx !== this.lastAvail) {
      const head = this.order[this.usedIdx & this.mask];
      if (this.states[head] !== WAITING) {
        return;
      }
      this.states[head] = FREE;
      this.batchId = head;
      this.batchLength = this.lengths[head];
      this.usedIdx = (this.usedIdx + 1) & 0xffff;
      // Only a chain that was used completely can be skipped (§2.7.9): another one ends its batch.
      if (this.batchLength !== this.writable[head]) {
        this.endBatch();
      }
    }
  }

  private endBatch(): void {
    if (this.batchStart !== this.usedIdx) {
      this.writeEntry(this.batchStart, this.batchId, this.batchLength);
      this.batchStart = this.usedIdx;
    }
  }

  private writeEntry(index: number, id: number, length: number): void {
    const at = this.used + usedRing.RING + usedRing.ENTRY_BYTES * (index & this.mask);
    this.memory.store32(at, id);
    this.memory.store32(at + 4, length);
  }

  publish(): boolean {
    this.checkError();
    const old = this.published;
    const idx = this.usedIdx;
    if (idx === old) {
      return false;
    }
    if (this.inOrder) {
      this.endBatch();
    }
    // The driver sees entries, and what was written to buffers, before idx (§2.7.8.2).
    this.memory.release16(this.used + usedRing.IDX, idx);
    this.published = idx;
    // It sees idx before we look whether it wants to know (§2.7.7.2).
    this.memory.fence();
    const wanted = this.eventIdx
      ? needEvent(this.memory.acquire16(this.avail + availRing.usedEvent(this.size)), idx, old)
      : (this.memory.acquire16(this.avail + availRing.FLAGS) & AVAIL_NO_INTERRUPT) === 0;
    if (!wanted) {
      this.suppressed++;
    }
    return wanted;
  }

  // --------------------------------------- §2.7.10 Available Buffer Notification Suppression

  disableNotifications(): void {
    this.checkError();
    if (this.eventIdx) {
      // flags stays 0 (§2.7.10.2); an index that was just passed comes again after 2^16 chains.
      const passed = (this.lastAvail - 1) & 0xffff;
      this.memory.store16(this.used + usedRing.availEvent(this.size), passed);
    } else {
      this.memory.store16(this.used + usedRing.FLAGS, USED_NO_NOTIFY);
    }
  }

  enableNotifications(): boolean {
    this.checkError();
    if (this.eventIdx) {
      this.memory.release16(this.used + usedRing.availEvent(this.size), this.lastAvail);
    } else {
      this.memory.release16(this.used + usedRing.FLAGS, 0);
    }
    // The driver may have looked before it could see this: look again.
    this.memory.fence();
    return this.memory.acquire16(this.avail + availRing.IDX) === this.lastAvail;
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
