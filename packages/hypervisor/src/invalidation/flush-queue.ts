/**
 * Unmapped IOVAs that wait for an invalidation: Linux's flush queue (queue_iova in
 * drivers/iommu/dma-iommu.c). Until then a device may still reach what they mapped, and they are
 * not handed out again. A ring of 256 entries, of which one stays empty.
 */
import type { Stateful } from '@doorbell/abi';

/** IOVA_FQ_SIZE. */
const FLUSH_QUEUE_ENTRIES = 256;
/** IOVA_FQ_TIMEOUT: 10 ms after the first entry, in nanoseconds. */
export const FLUSH_TIMEOUT_NS = 10_000_000;

export interface FlushQueueState {
  readonly iovas: Float64Array;
  readonly pages: Float64Array;
}

export class FlushQueue implements Stateful<FlushQueueState> {
  private readonly iovas = new Float64Array(FLUSH_QUEUE_ENTRIES - 1);
  private readonly pages = new Float64Array(FLUSH_QUEUE_ENTRIES - 1);
  private count = 0;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  get isFull(): boolean {
    return this.count === this.iovas.length;
  }

  /** Pages that wait. */
  get pendingPages(): number {
    return this.pages.subarray(0, this.count).reduce((sum, pages) => sum + pages, 0);
  }

  /** `page` is the first of `pages` pages. There must be room. */
  add(page: number, pages: number): void {
    this.iovas[this.count] = page;
    this.pages[this.count] = pages;
    this.count++;
  }

  /** Takes all out. The newest first: they lie lowest, where freeing an IOVA is cheap. */
  drain(free: (page: number) => void): void {
    while (this.count > 0) {
      this.count--;
      free(this.iovas[this.count]);
    }
  }

  save(): FlushQueueState {
    return { iovas: this.iovas.slice(0, this.count), pages: this.pages.slice(0, this.count) };
  }

  load(state: FlushQueueState): void {
    this.count = state.iovas.length;
    this.iovas.set(state.iovas);
    this.pages.set(state.pages);
  }
}
