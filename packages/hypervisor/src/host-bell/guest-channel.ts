/** A channel that a guest submits to by itself: its page tables are the host's, its doorbell the guest's. */
import {
  bellBars,
  channelRegisters,
  channelStates,
  extract,
  GpuError,
  PAGE_BYTES,
  pte,
  type ChannelFault,
  type DoorbellPage,
  type RingPlace,
  type VramRange,
} from '@doorbell/abi';
import type { GuestPages, PinnedPage } from './guest-pages.ts';
import type { BellChannel, HostBell } from './host-bell.ts';
import { GPU_PAGES, GpuPageTable, type GpuPageTableState } from './page-table.ts';

const { CONTROL, INTERRUPT, STATUS } = channelRegisters.rows;
const CAUSES = INTERRUPT.bits.FENCE.mask | INTERRUPT.bits.FAULT.mask | INTERRUPT.bits.HANG.mask;
const SMALLEST_RING = 256;
const LARGEST_RING = 1 << 20;

export interface GuestChannelParts {
  readonly bell: HostBell;
  readonly pages: GuestPages;
  /** A fence passed, or it stopped. */
  readonly onInterrupt: (number: number) => void;
}

export interface GuestChannelState {
  /** Of the part's channels. */
  readonly number: number;
  readonly table: GpuPageTableState;
  readonly ranges: readonly VramRange[];
  /** First pages of addresses, with the first pages of the ranges that are mapped there. */
  readonly vramAt: readonly (readonly [number, number])[];
  readonly pinnedAt: readonly (readonly [number, PinnedPage])[];
}

export class GuestChannel {
  readonly doorbell: DoorbellPage;
  /** What its fault registers said at the last look, when it had stopped by itself. */
  fault: ChannelFault | undefined;
  private readonly parts: GuestChannelParts;
  private readonly channel: BellChannel;
  private readonly table: GpuPageTable;
  /** By first page. */
  private readonly ranges = new Map<number, VramRange>();
  /** Where VRAM of the channel is mapped, by first page of the address; and guest pages, by page. */
  private readonly vramAt = new Map<number, VramRange>();
  private readonly pinnedAt = new Map<number, PinnedPage>();

  /**
   * Nothing is mapped; or it is what it was when `state` was saved, on a bell that is loaded already.
   * @throws GpuError `out-of-memory`
   */
  constructor(parts: GuestChannelParts, state?: GuestChannelState) {
    const { bell, onInterrupt } = parts;
    const interrupted = (): void => {
      // Before anyone looks at the fence: one that passes after the look interrupts anew.
      this.channel.registers.INTERRUPT.write(CAUSES);
      onInterrupt(this.number);
    };
    this.parts = parts;
    this.channel =
      state === undefined
        ? bell.takeChannel(interrupted)
        : bell.adoptChannel(state.number, interrupted);
    try {
      this.table = new GpuPageTable(bell, state?.table);
    } catch (error) {
      this.channel.release();
      throw error;
    }
    state?.ranges.forEach((range) => this.ranges.set(range.page, range));
    state?.vramAt.forEach(([first, page]) => this.vramAt.set(first, this.range(page)));
    state?.pinnedAt.forEach(([first, page]) => this.pinnedAt.set(first, page));
    this.doorbell = {
      endpoint: bell.endpoint,
      bar: bellBars.DOORBELLS.index,
      offset: this.channel.number * PAGE_BYTES,
    };
  }

  get number(): number {
    return this.channel.number;
  }

  // ------------------------------------------------------------------------------ memory

  /** Pages of VRAM become the channel's: they are clear. */
  give(range: VramRange): void {
    this.ranges.set(range.page, range);
  }

  /** What begins at a page. @throws GpuError `bad-range` when that is not the channel's. */
  private range(page: number): VramRange {
    const range = this.ranges.get(page);
    if (range === undefined) {
      throw new GpuError('bad-range', "The VRAM is not the channel's.");
    }
    return range;
  }

  /** @param page  the first of its range. */
  free(page: number): void {
    const range = this.range(page);
    for (const [first, mapped] of [...this.vramAt]) {
      if (mapped === range) {
        this.clearEntries(first, range.pages);
        this.vramAt.delete(first);
      }
    }
    this.ranges.delete(page);
    this.parts.bell.releaseVram(page);
  }

  /** @param page  the first of its range. */
  mapVram(va: number, page: number, writable: boolean): void {
    const range = this.range(page);
    const first = this.room(va, range.pages);
    const entries = new Uint32Array(range.pages * 2);
    const flags = pte.VALID.mask + (writable ? pte.WRITE.mask : 0);
    for (let index = 0; index < range.pages; index++) {
      entries[index * 2] = (range.page + index) * PAGE_BYTES + flags;
    }
    this.table.write(first, entries);
    this.vramAt.set(first, range);
  }

  mapMemory(va: number, guestAddress: number, pages: number, writable: boolean): void {
    const first = this.room(va, pages);
    const entries = new Uint32Array(pages * 2);
    const flags = pte.VALID.mask | pte.SYSTEM.mask | (writable ? pte.WRITE.mask : 0);
    const pinned: PinnedPage[] = [];
    try {
      for (let index = 0; index < pages; index++) {
        const page = this.parts.pages.pin(guestAddress + index * PAGE_BYTES);
        pinned.push(page);
        entries[index * 2] = ((page.iova & pte.ADDRESS.mask) | flags) >>> 0;
        entries[index * 2 + 1] = Math.floor(page.iova / 2 ** 32);
      }
      this.table.write(first, entries);
    } catch (error) {
      pinned.forEach((page) => {
        this.parts.pages.unpin(page);
      });
      throw error;
    }
    pinned.forEach((page, index) => this.pinnedAt.set(first + index, page));
  }

  unmap(va: number, pages: number): void {
    const first = this.pageOf(va, pages);
    for (let page = first; page < first + pages; page++) {
      if ((this.table.low(page) & pte.VALID.mask) === 0) {
        throw new GpuError(
          'bad-range',
          `Nothing is mapped at 0x${(page * PAGE_BYTES).toString(16)}.`,
        );
      }
    }
    this.checkWhole(first, pages);
    this.clearEntries(first, pages);
    for (let page = first; page < first + pages; page++) {
      this.vramAt.delete(page);
      const pinned = this.pinnedAt.get(page);
      if (pinned !== undefined) {
        this.pinnedAt.delete(page);
        this.parts.pages.unpin(pinned);
      }
    }
  }

  /** VRAM is unmapped as it was mapped. */
  private checkWhole(first: number, pages: number): void {
    for (const [start, mapped] of this.vramAt) {
      const end = start + mapped.pages;
      const touches = start < first + pages && first < end;
      if (touches && (start < first || end > first + pages)) {
        throw new GpuError('bad-range', 'A mapping of VRAM would be cut in two.');
      }
    }
  }

  /** The part forgets them before anybody else may be given what they led to. */
  private clearEntries(first: number, pages: number): void {
    this.table.write(first, new Uint32Array(pages * 2));
    this.channel.invalidate();
  }

  private pageOf(va: number, pages: number): number {
    const first = va / PAGE_BYTES;
    if (!Number.isInteger(first) || !(pages > 0) || !(first >= 0 && first + pages <= GPU_PAGES)) {
      throw new GpuError('bad-range', `No ${pages} pages are at 0x${va.toString(16)}.`);
    }
    return first;
  }

  private room(va: number, pages: number): number {
    const first = this.pageOf(va, pages);
    for (let page = first; page < first + pages; page++) {
      if ((this.table.low(page) & pte.VALID.mask) !== 0) {
        throw new GpuError(
          'bad-range',
          `Something is mapped at 0x${(page * PAGE_BYTES).toString(16)} already.`,
        );
      }
    }
    return first;
  }

  // ------------------------------------------------------------------------------ the channel

  start({ ring, ringBytes, fence }: RingPlace): void {
    const isPower = (ringBytes & (ringBytes - 1)) === 0;
    const fits = isPower && ringBytes >= SMALLEST_RING && ringBytes <= LARGEST_RING;
    const end = GPU_PAGES * PAGE_BYTES;
    if (
      !fits ||
      ring % PAGE_BYTES !== 0 ||
      ring + ringBytes > end ||
      fence % 4 !== 0 ||
      fence >= end
    ) {
      throw new GpuError('bad-range', `The GPU takes no ring of ${ringBytes} bytes there.`);
    }
    const { registers } = this.channel;
    this.channel.reset();
    this.channel.invalidate();
    registers.PAGE_ROOT.write(this.table.root);
    registers.RING.write(ring);
    registers.RING_SIZE.write(ringBytes);
    registers.FENCE_ADDRESS.write(fence);
    registers.INTERRUPT_ENABLE.write(CAUSES);
    // Never privileged: its packets are the guest's.
    registers.CONTROL.write(CONTROL.bits.ENABLE.mask);
  }

  stop(): void {
    this.channel.reset();
  }

  /** Reads its fault registers into `fault`. Whether it stopped by itself. */
  look(): boolean {
    const { registers } = this.channel;
    const state = extract(STATUS.bits.STATE, registers.STATUS.read());
    const hasStopped = state === channelStates.FAULTED || state === channelStates.HUNG;
    this.fault = hasStopped
      ? {
          fault: registers.FAULT.read(),
          address: registers.FAULT_ADDRESS.read(),
          packet: registers.FAULT_PACKET.read(),
        }
      : undefined;
    return hasStopped;
  }

  close(): void {
    this.channel.release();
    this.pinnedAt.forEach((page) => {
      this.parts.pages.unpin(page);
    });
    this.pinnedAt.clear();
    this.vramAt.clear();
    this.ranges.forEach(({ page }) => {
      this.parts.bell.releaseVram(page);
    });
    this.ranges.clear();
    this.table.destroy();
  }

  // ------------------------------------------------------------------------------ state

  /** Pages of the guest that are pinned for it. */
  get pinned(): readonly PinnedPage[] {
    return [...this.pinnedAt.values()];
  }

  save(): GuestChannelState {
    return {
      number: this.number,
      table: this.table.save(),
      ranges: [...this.ranges.values()],
      vramAt: [...this.vramAt].map(([first, { page }]) => [first, page]),
      pinnedAt: [...this.pinnedAt],
    };
  }
}
