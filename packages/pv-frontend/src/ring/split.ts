/**
 * The driver half of a split virtqueue, VIRTIO 1.3 §2.7. It writes the descriptor table and the
 * available ring and reads the used ring. The device is not trusted: what it returns is copied,
 * then checked, then used.
 *
 * The queue's memory must be zeroed before.
 */
import {
  AVAIL_NO_INTERRUPT,
  availRing,
  DESC_BYTES,
  descFlags,
  needEvent,
  RingError,
  USED_NO_NOTIFY,
  usedRing,
  type Chain,
  type QueueSetup,
  type RingMemory,
  type RingOptions,
} from '@doorbell/abi';
import { writableBytes } from './chain-bytes.ts';
import type { DriverQueue } from './driver-queue.ts';
import { checkSetup, type IndirectTables } from './queue-layout.ts';

const { NEXT, WRITE, INDIRECT } = descFlags;
const HIGH_HALF = 2 ** -32;

export class SplitDriverQueue implements DriverQueue {
  readonly size: number;
  free: number;
  descriptors = 0;
  suppressed = 0;
  usedLength = 0;

  private readonly memory: RingMemory;
  private readonly eventIdx: boolean;
  private readonly inOrder: boolean;
  private readonly tables: IndirectTables | undefined;
  private readonly mask: number;
  /** The descriptor table, the available ring and the used ring. */
  private readonly desc: number;
  private readonly avail: number;
  private readonly used: number;

  // Indices run freely and wrap at 2^16 (§2.7.13.3).
  /** Where the next chain goes in the available ring: ours alone until it is published. */
  private availIdx = 0;
  /** The available ring's idx, as the device sees it. */
  private published = 0;
  /** The chains up to here were taken. */
  private lastUsed = 0;
  /** The used ring's idx when it was last read. */
  private usedIdx = 0;
  /** In order: the chains up to here were used by entries that were read already (§2.7.9). */
  private batchEnd = 0;
  private batchLength = 0;
  /** Descriptors that were written but not published. */
  private added = 0;

  /**
   * Free descriptors, first in, first out. That gives ring order when the device uses chains in
   * order, as §2.7.5 asks for with VIRTIO_F_IN_ORDER.
   */
  private readonly links: Uint16Array;
  private firstFree = 0;
  private lastFree: number;

  // Outstanding chains, by their first descriptor.
  /** Descriptors of the table that it takes; 0: it is not outstanding. */
  private readonly counts: Uint16Array;
  private readonly lasts: Uint16Array;
  /** Bytes that the device may write. */
  private readonly writable: Float64Array;
  /** Its index in the available ring. */
  private readonly sequences: Uint16Array;
  /** Heads, by index in the available ring. */
  private readonly order: Uint16Array;
  private error: RingError | undefined = undefined;

  /** @param setup  addresses as `memory` has them. @throws RangeError when no queue is like that. */
  constructor(
    memory: RingMemory,
    setup: QueueSetup,
    options: RingOptions,
    tables?: IndirectTables,
  ) {
    checkSetup(false, setup);
    const { size } = setup;
    this.memory = memory;
    this.size = size;
    this.mask = size - 1;
    this.desc = setup.descriptors;
    this.avail = setup.driver;
    this.used = setup.device;
    this.eventIdx = options.eventIdx;
    this.inOrder = options.inOrder;
    this.tables = options.indirect ? tables : undefined;
    this.free = size;
    this.lastFree = size - 1;
    this.links = Uint16Array.from({ length: size }, (_, i) => (i + 1) & this.mask);
    this.counts = new Uint16Array(size);
    this.lasts = new Uint16Array(size);
    this.writable = new Float64Array(size);
    this.sequences = new Uint16Array(size);
    this.order = new Uint16Array(size);
  }

  // ---------------------------------------------- §2.7.13 Supplying Buffers to The Device

  add(chain: Chain): number {
    this.checkError();
    const writable = writableBytes(chain, this.size);
    const indirect =
      this.tables !== undefined && chain.count > 1 && chain.count <= this.tables.entries;
    const needed = indirect ? 1 : chain.count;
    if (needed > this.free) {
      return -1;
    }
    const head = this.firstFree;
    // Step 1: the buffers go into free descriptors.
    const last = indirect ? this.writeIndirect(head, chain) : this.writeDirect(head, chain);
    this.firstFree = this.links[last];
    this.free -= needed;
    // Step 2: the head goes into the next entry of the available ring (§2.7.13.2).
    const entry = this.availIdx & this.mask;
    this.memory.store16(this.avail + availRing.RING + availRing.ENTRY_BYTES * entry, head);
    this.counts[head] = needed;
    this.lasts[head] = last;
    this.writable[head] = writable;
    this.sequences[head] = this.availIdx;
    this.order[entry] = head;
    this.availIdx = (this.availIdx + 1) & 0xffff;
    this.added += indirect ? chain.count + 1 : chain.count;
    return head;
  }

  /** §2.7.13.1: a descriptor for each buffer. Gives the last. */
  private writeDirect(head: number, chain: Chain): number {
    let index = head;
    for (let i = 0; ; i++) {
      const next = this.links[index];
      this.writeBuffer(this.desc + DESC_BYTES * index, chain, i, next);
      if (i === chain.count - 1) {
        return index;
      }
      index = next;
    }
  }

  /** §2.7.5.3: one descriptor that refers to a table, whose entries appear sequentially. */
  private writeIndirect(head: number, chain: Chain): number {
    const { address, iova, entries } = this.tables!;
    const offset = DESC_BYTES * entries * head;
    for (let i = 0; i < chain.count; i++) {
      this.writeBuffer(address + offset + DESC_BYTES * i, chain, i, i + 1);
    }
    this.writeDesc(
      this.desc + DESC_BYTES * head,
      iova + offset,
      DESC_BYTES * chain.count,
      INDIRECT,
    );
    return head;
  }

  private writeBuffer(at: number, chain: Chain, i: number, next: number): void {
    const write = i >= chain.readable ? WRITE : 0;
    const link = i < chain.count - 1 ? NEXT | (next << 16) : 0;
    this.writeDesc(at, chain.addresses[i], chain.lengths[i], write | link);
  }

  /** @param link  flags, and in the upper half the next descriptor's index. */
  private writeDesc(at: number, address: number, length: number, link: number): void {
    this.memory.store32(at, address >>> 0);
    this.memory.store32(at + 4, (address * HIGH_HALF) >>> 0);
    this.memory.store32(at + 8, length);
    this.memory.store32(at + 12, link);
  }

  publish(): boolean {
    this.checkError();
    const old = this.published;
    const idx = this.availIdx;
    if (idx === old) {
      return false;
    }
    // Steps 4 and 5: the device sees descriptors and entries before idx (§2.7.13.3.1).
    this.memory.release16(this.avail + availRing.IDX, idx);
    this.published = idx;
    this.descriptors += this.added;
    this.added = 0;
    // Step 6: it sees idx before we look whether it wants to know (§2.7.13.4.1).
    this.memory.fence();
    const wanted = this.eventIdx
      ? needEvent(this.memory.acquire16(this.used + usedRing.availEvent(this.size)), idx, old)
      : (this.memory.acquire16(this.used + usedRing.FLAGS) & USED_NO_NOTIFY) === 0;
    if (!wanted) {
      this.suppressed++;
    }
    return wanted;
  }

  // ------------------------------------------ §2.7.14 Receiving Used Buffers From The Device

  take(): number {
    this.checkError();
    return this.inOrder ? this.takeInOrder() : this.takeAny();
  }

  private takeAny(): number {
    if (this.lastUsed === this.usedIdx && !this.readUsedIdx()) {
      return -1;
    }
    const at = this.used + usedRing.RING + usedRing.ENTRY_BYTES * (this.lastUsed & this.mask);
    const id = this.memory.load32(at);
    const length = this.memory.load32(at + 4);
    this.checkUsed(id, length);
    return this.complete(id, length);
  }

  /** §2.7.9: one entry may stand for a batch of chains, of which it names the last. */
  private takeInOrder(): number {
    if (this.lastUsed === this.batchEnd && !this.readBatch()) {
      return -1;
    }
    const head = this.order[this.lastUsed & this.mask];
    const last = ((this.lastUsed + 1) & 0xffff) === this.batchEnd;
    // Chains that were skipped are assumed to have been used completely.
    return this.complete(head, last ? this.batchLength : this.writable[head]);
  }

  private readBatch(): boolean {
    if (this.lastUsed === this.usedIdx && !this.readUsedIdx()) {
      return false;
    }
    const at = this.used + usedRing.RING + usedRing.ENTRY_BYTES * (this.lastUsed & this.mask);
    const id = this.memory.load32(at);
    const length = this.memory.load32(at + 4);
    this.checkUsed(id, length);
    const chains = ((this.sequences[id] - this.lastUsed) & 0xffff) + 1;
    if (chains > ((this.usedIdx - this.lastUsed) & 0xffff)) {
      throw this.broken(
        `The device used chain ${id} and ${chains - 1} before it, but did not advance the used idx by as many (VIRTIO 1.3 §2.7.9).`,
      );
    }
    this.batchEnd = (this.lastUsed + chains) & 0xffff;
    this.batchLength = length;
    return true;
  }

  /** Whether the device has used more. */
  private readUsedIdx(): boolean {
    const usedIdx = this.memory.acquire16(this.used + usedRing.IDX);
    const outstanding = (this.published - this.lastUsed) & 0xffff;
    const entries = (usedIdx - this.lastUsed) & 0xffff;
    if (entries > outstanding) {
      throw this.broken(
        `The device advanced the used idx by ${entries}, with ${outstanding} chains outstanding (VIRTIO 1.3 §2.7.8).`,
      );
    }
    this.usedIdx = usedIdx;
    return entries !== 0;
  }

  private checkUsed(id: number, length: number): void {
    if (id >= this.size || this.counts[id] === 0 || this.isUnpublished(id)) {
      throw this.broken(
        `The device used chain ${id}, which was not made available to it (VIRTIO 1.3 §2.7.8).`,
      );
    }
    if (length > this.writable[id]) {
      throw this.broken(
        `The device says that it wrote ${length} bytes to chain ${id}, which has room for ${this.writable[id]} (VIRTIO 1.3 §2.7.8.2).`,
      );
    }
  }

  private isUnpublished(id: number): boolean {
    const unpublished = (this.availIdx - this.published) & 0xffff;
    return ((this.sequences[id] - this.published) & 0xffff) < unpublished;
  }

  private complete(head: number, length: number): number {
    if (this.free === 0) {
      this.firstFree = head;
    } else {
      this.links[this.lastFree] = head;
    }
    this.lastFree = this.lasts[head];
    this.free += this.counts[head];
    this.counts[head] = 0;
    this.lastUsed = (this.lastUsed + 1) & 0xffff;
    this.usedLength = length;
    return head;
  }

  // ------------------------------------------ §2.7.7 Used Buffer Notification Suppression

  disableNotifications(): void {
    this.checkError();
    if (this.eventIdx) {
      // flags stays 0 (§2.7.7.1); an index that was just passed comes again after 2^16 chains.
      const passed = (this.lastUsed - 1) & 0xffff;
      this.memory.store16(this.avail + availRing.usedEvent(this.size), passed);
    } else {
      this.memory.store16(this.avail + availRing.FLAGS, AVAIL_NO_INTERRUPT);
    }
  }

  enableNotifications(): boolean {
    this.checkError();
    if (this.eventIdx) {
      this.memory.release16(this.avail + availRing.usedEvent(this.size), this.lastUsed);
    } else {
      this.memory.release16(this.avail + availRing.FLAGS, 0);
    }
    // The device may have looked before it could see this: look again (§2.7.14).
    this.memory.fence();
    return this.memory.acquire16(this.used + usedRing.IDX) === this.lastUsed;
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
