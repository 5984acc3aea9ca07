/** Memory for what passes through a queue: pieces of one coherent allocation, first fit. */
import type { CoherentMemory } from '@doorbell/abi';

/** Pieces begin at multiples of it. */
const GRANULE_BYTES = 64;

export class CoherentHeap {
  private readonly memory: CoherentMemory;
  /** One byte per granule: 1 when it is taken. */
  private readonly taken: Uint8Array;

  constructor(memory: CoherentMemory) {
    this.memory = memory;
    this.taken = new Uint8Array(Math.floor(memory.bytes / GRANULE_BYTES));
  }

  /** The offset of `bytes` free bytes, which are taken now; -1: there is no room. */
  take(bytes: number): number {
    const granules = granulesOf(bytes);
    for (let at = this.taken.indexOf(0); at >= 0; at = this.taken.indexOf(0, at)) {
      const end = this.runEnd(at, granules);
      if (end - at === granules) {
        this.taken.fill(1, at, end);
        return at * GRANULE_BYTES;
      }
      at = end;
    }
    return -1;
  }

  /** Where the free run from `at` ends, at most `most` granules on. */
  private runEnd(at: number, most: number): number {
    const limit = Math.min(at + most, this.taken.length);
    let end = at;
    while (end < limit && this.taken[end] === 0) {
      end++;
    }
    return end;
  }

  /** Gives back what `take` gave. */
  give(offset: number, bytes: number): void {
    const at = offset / GRANULE_BYTES;
    this.taken.fill(0, at, at + granulesOf(bytes));
  }

  /** As the CPU sees an offset. */
  address(offset: number): number {
    return this.memory.address + offset;
  }

  /** As the device sees it. */
  iova(offset: number): number {
    return this.memory.iova + offset;
  }
}

function granulesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / GRANULE_BYTES));
}
