/** GPU virtual addresses of one channel, handed out first fit. What is there is the host's to map. */
import { gpuVa, GpuError, PAGE_BYTES } from '@doorbell/abi';

interface Run {
  first: number;
  end: number;
}

export class AddressSpace {
  /** Free pages, in order; no two runs touch. */
  private readonly free: Run[];

  /** @param first  the first page that may be handed out. */
  constructor(first: number) {
    this.free = [{ first, end: 2 ** gpuVa.bits / PAGE_BYTES }];
  }

  /** @throws GpuError `out-of-memory` */
  take(pages: number): number {
    const index = this.free.findIndex(({ first, end }) => end - first >= pages);
    const run = this.free[index];
    if (run === undefined) {
      throw new GpuError('out-of-memory', `virtio-gpu: no ${pages} GPU pages in a row are free.`);
    }
    const { first } = run;
    run.first += pages;
    if (run.first === run.end) {
      this.free.splice(index, 1);
    }
    return first * PAGE_BYTES;
  }

  /** Takes back what `take` gave. */
  give(va: number, pages: number): void {
    const first = va / PAGE_BYTES;
    const end = first + pages;
    const found = this.free.findIndex((run) => run.first >= end);
    const index = found < 0 ? this.free.length : found;
    const below = this.free[index - 1];
    const above = this.free[index];
    const joinsBelow = below?.end === first;
    const joinsAbove = above?.first === end;
    const run = { first: joinsBelow ? below.first : first, end: joinsAbove ? above.end : end };
    const joined = (joinsBelow ? 1 : 0) + (joinsAbove ? 1 : 0);
    this.free.splice(joinsBelow ? index - 1 : index, joined, run);
  }
}
