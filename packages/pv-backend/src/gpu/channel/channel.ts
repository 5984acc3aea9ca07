/**
 * A context of the capset `bell-channel`: a channel of the physical GPU whose address space this
 * fills as its driver asks. What the channel runs never passes here. A mistake of the driver's is
 * refused, or is the GPU's to refuse: it reaches nothing but what was put in this address space.
 */
import {
  channelReport,
  type ChannelRecordFields,
  type DeviceMemory,
  DOORBELL_BLOB,
  type DoorbellPage,
  type HostChannel,
  NO_VECTOR,
  PAGE_BYTES,
  type VramRange,
} from '@doorbell/abi';
import { refuseUnless } from '../refusal.ts';
import type { ChannelBudget } from './channel-budget.ts';
import type { ChannelParts } from './channel-parts.ts';
import { MappedRanges, type MappedRange } from './mapped-ranges.ts';

const INVALID = 'ERR_INVALID_PARAMETER';
const WORD_BYTES = 4;
/** 1, as `stopped` of a bell_channel_report. */
const STOPPED = 1;

/** The driver's RAM, at once: what is not to be reached is lost, as on a bus. */
export type ChannelMemory = Pick<DeviceMemory, 'store32' | 'reaches'>;

export class GuestChannel {
  /** How many blobs are what, by address. */
  private readonly blobs = new Map<number, number>();
  private readonly parts: ChannelParts;
  private readonly memory: ChannelMemory;
  private readonly budget: ChannelBudget;
  private readonly ranges = new MappedRanges();
  private readonly channel: HostChannel;
  /** As START had it; undefined: the channel is off. */
  private started: ChannelRecordFields<'START'> | undefined;
  private isClosed = false;

  /** @throws Refusal, GpuError `out-of-memory` */
  constructor(parts: ChannelParts, memory: ChannelMemory, budget: ChannelBudget) {
    this.parts = parts;
    this.memory = memory;
    this.budget = budget;
    budget.take('channels', 1);
    try {
      this.channel = parts.host.open(() => {
        this.onInterrupt();
      });
    } catch (error) {
      budget.give('channels', 1);
      throw error;
    }
  }

  get doorbell(): DoorbellPage {
    return this.channel.doorbell;
  }

  // ------------------------------------------------------------------------------ memory

  /** What ALLOCATE put at an address. @throws Refusal when it put nothing there. */
  vramAt(va: number): VramRange {
    const { vram } = this.ranges.at(va);
    refuseUnless(vram !== undefined, INVALID, `At ${va} is no VRAM.`);
    return vram;
  }

  /** A blob is the memory at an address, or the doorbell page: it stays as long. @throws Refusal */
  addBlob(va: number, bytes: number): void {
    const pages = va === DOORBELL_BLOB ? 1 : this.vramAt(va).pages;
    const fits = bytes > 0 && bytes <= pages * PAGE_BYTES;
    refuseUnless(fits, INVALID, `A blob of ${bytes} bytes has ${pages} pages.`);
    this.blobs.set(va, (this.blobs.get(va) ?? 0) + 1);
  }

  removeBlob(va: number): void {
    const left = (this.blobs.get(va) ?? 0) - 1;
    if (left > 0) {
      this.blobs.set(va, left);
    } else {
      this.blobs.delete(va);
    }
  }

  get hasBlobs(): boolean {
    return this.blobs.size > 0;
  }

  /** @throws Refusal, GpuError */
  async allocate({ va, pages }: ChannelRecordFields<'ALLOCATE'>): Promise<void> {
    this.ranges.checkFree(va, pages);
    await this.reserving('vramPages', pages, async () => {
      const vram = await this.channel.allocate(pages);
      try {
        this.channel.mapVram(va, vram, true);
      } catch (error) {
        this.channel.free(vram);
        throw error;
      }
      this.ranges.add({ va, pages, vram });
    });
  }

  /** @throws Refusal, GpuError */
  async map(fields: ChannelRecordFields<'MAP'>): Promise<void> {
    const { va, pages, address, writable } = fields;
    this.ranges.checkFree(va, pages);
    refuseUnless(address % PAGE_BYTES === 0, INVALID, `No page begins at ${address}.`);
    refuseUnless(writable <= 1, INVALID, `WRITABLE is 0 or 1, not ${writable}.`);
    refuseUnless(
      this.memory.reaches(address, pages * PAGE_BYTES, writable === 1),
      INVALID,
      `The device cannot reach ${pages} pages at ${address}.`,
    );
    await this.reserving('pinnedPages', pages, async () => {
      this.channel.mapMemory(va, address, pages, writable === 1);
      this.ranges.add({ va, pages, vram: undefined });
    });
  }

  private async reserving(
    kind: 'vramPages' | 'pinnedPages',
    pages: number,
    make: () => Promise<void>,
  ): Promise<void> {
    const { budget } = this;
    budget.take(kind, pages);
    try {
      budget.take('channelRanges', 1);
    } catch (error) {
      budget.give(kind, pages);
      throw error;
    }
    try {
      await make();
    } catch (error) {
      this.giveBack(kind, pages);
      throw error;
    }
  }

  private giveBack(kind: 'vramPages' | 'pinnedPages', pages: number): void {
    this.budget.give(kind, pages);
    this.budget.give('channelRanges', 1);
  }

  /** @throws Refusal */
  unmap({ va }: ChannelRecordFields<'UNMAP'>): void {
    const range = this.ranges.at(va);
    refuseUnless(!this.blobs.has(va), INVALID, `A blob is the memory at ${va}.`);
    refuseUnless(!this.isInUse(range), INVALID, `The channel's ring or fence is at ${va}.`);
    if (range.vram === undefined) {
      this.channel.unmap(va, range.pages);
      this.giveBack('pinnedPages', range.pages);
    } else {
      this.channel.free(range.vram);
      this.giveBack('vramPages', range.pages);
    }
    this.ranges.remove(range);
  }

  /** Whether the channel that is on needs a range. */
  private isInUse({ va, pages }: MappedRange): boolean {
    const { started } = this;
    const end = va + pages * PAGE_BYTES;
    const touches = (at: number, bytes: number): boolean => at < end && va < at + bytes;
    return (
      started !== undefined &&
      (touches(started.ring, started.ring_bytes) || touches(started.fence, WORD_BYTES))
    );
  }

  // ------------------------------------------------------------------------------ its life

  /** @throws Refusal, GpuError */
  start(fields: ChannelRecordFields<'START'>): void {
    const { ring, ring_bytes, fence, report, vector } = fields;
    const { firstVector, vectors } = this.parts;
    const hasVector = vector >= firstVector && vector < firstVector + vectors;
    refuseUnless(this.isStopped, INVALID, 'The channel is on already.');
    refuseUnless(this.ranges.covers(ring, ring_bytes), INVALID, `No ring is mapped at ${ring}.`);
    refuseUnless(this.ranges.covers(fence, WORD_BYTES), INVALID, `Nothing is mapped at ${fence}.`);
    refuseUnless(
      report % WORD_BYTES === 0 && this.memory.reaches(report, channelReport.size, true),
      INVALID,
      `The device cannot reach a report at ${report}.`,
    );
    refuseUnless(hasVector || vector === NO_VECTOR, INVALID, `Vector ${vector} is no channel's.`);
    this.channel.start({ ring, ringBytes: ring_bytes, fence });
    this.started = fields;
  }

  private get isStopped(): boolean {
    return this.started === undefined || this.channel.fault() !== undefined;
  }

  /** When it returns, the GPU does nothing for the driver any more. */
  stop(): void {
    if (this.started !== undefined && !this.isClosed) {
      this.started = undefined;
      this.channel.stop();
    }
  }

  /** In the host's interrupt handler: a fence passed, or the channel stopped by itself. */
  private onInterrupt(): void {
    const { started } = this;
    if (started === undefined) {
      return;
    }
    const fault = this.channel.fault();
    if (fault !== undefined) {
      this.report(started.report, [fault.fault, fault.address, fault.packet]);
    }
    if (started.vector !== NO_VECTOR) {
      this.parts.signal(started.vector);
    }
  }

  /** Whoever sees `stopped` finds the rest there: that word is written last. */
  private report(at: number, words: readonly number[]): void {
    words.forEach((word, index) => {
      this.memory.store32(at + (1 + index) * WORD_BYTES, word);
    });
    this.memory.store32(at, STOPPED);
  }

  /** Gives all back. */
  close(): void {
    if (this.isClosed) {
      return;
    }
    this.stop();
    this.isClosed = true;
    this.channel.close();
    this.budget.give('channels', 1);
    for (const { vram, pages } of this.ranges.all()) {
      this.giveBack(vram === undefined ? 'pinnedPages' : 'vramPages', pages);
    }
  }
}
