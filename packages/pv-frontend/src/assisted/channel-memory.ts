/**
 * RAM that a channel and its driver share, mapped once: the ring (driver writes, GPU reads), the
 * fence word (GPU writes, driver reads), the report of a stop (device writes, driver reads), and an
 * area through which packets and bytes pass, either way.
 */
import { channelReport, type CoherentMemory, encodeRecord, PAGE_BYTES } from '@doorbell/abi';
import type { FrontendParts } from '../options.ts';
import { isOutOfMemory, outOfMemory } from '../placement.ts';

export const RING_BYTES = PAGE_BYTES;
/** Half of it is the most that one packet stream, or one copy, may take. */
export const AREA_BYTES = 256 << 10;
const BYTES = 2 * PAGE_BYTES + AREA_BYTES;

/** Page 0 is never mapped, so that address 0 is "none". */
const RING_VA = PAGE_BYTES;
const FENCE_VA = RING_VA + RING_BYTES;
const AREA_VA = FENCE_VA + PAGE_BYTES;
/** The first page behind all of it. */
export const FIRST_FREE_PAGE = (AREA_VA + AREA_BYTES) / PAGE_BYTES;
/** Where the report lies in the fence's page. */
const REPORT_OFFSET = 64;

export class ChannelMemory {
  readonly areaVa = AREA_VA;
  private readonly parts: FrontendParts;
  private readonly memory: CoherentMemory;

  /** @throws GpuError `out-of-memory` */
  constructor(parts: FrontendParts) {
    this.parts = parts;
    try {
      this.memory = parts.dma.allocateCoherent(BYTES);
    } catch (error) {
      throw isOutOfMemory(error) ? outOfMemory(BYTES) : error;
    }
  }

  /** As the CPU sees the ring and the area. */
  get ring(): number {
    return this.memory.address;
  }
  get area(): number {
    return this.fence + PAGE_BYTES;
  }
  private get fence(): number {
    return this.memory.address + RING_BYTES;
  }

  /** Maps all of it: the GPU only reads the ring. */
  mapRecords(): Uint32Array[] {
    const { iova } = this.memory;
    const rest = 1 + AREA_BYTES / PAGE_BYTES;
    return [
      encodeRecord('MAP', { va: RING_VA, pages: 1, address: iova, writable: 0 }),
      encodeRecord('MAP', { va: FENCE_VA, pages: rest, address: iova + RING_BYTES, writable: 1 }),
    ];
  }

  /** Turns the channel on. @param vector  that it interrupts by. */
  startRecord(vector: number): Uint32Array {
    const report = this.memory.iova + RING_BYTES + REPORT_OFFSET;
    const ring = { ring: RING_VA, ring_bytes: RING_BYTES };
    return encodeRecord('START', { ...ring, fence: FENCE_VA, report, vector });
  }

  /** The value of the last fence that passed. */
  fenceWord(): number {
    return this.parts.memory.load32(this.fence);
  }

  /** What the device reported when the channel stopped by itself; undefined: it did not. */
  report(): Uint8Array | undefined {
    const at = this.fence + REPORT_OFFSET;
    if (this.parts.memory.load32(at + channelReport.offsets.stopped) === 0) {
      return undefined;
    }
    const report = new Uint8Array(channelReport.size);
    this.parts.memory.copyOut(at, report);
    return report;
  }

  clearReport(): void {
    this.parts.memory.store32(this.fence + REPORT_OFFSET + channelReport.offsets.stopped, 0);
  }

  /** The channel is off, or the device was reset. */
  free(): void {
    this.parts.dma.freeCoherent(this.memory);
  }
}
