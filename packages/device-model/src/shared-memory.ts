/**
 * A shared memory region of a virtio function (VIRTIO 1.3 §2.10), in a BAR of its own: pages that
 * lead to doorbells of another function. The device model never sees an access to one: whoever has
 * the address space lets it through (`mapped`), and what leads nowhere reads all ones.
 */
import { type DoorbellPage, PAGE_BYTES, type SharedPages, virtioPciLayout } from '@doorbell/abi';
import type { Bar } from './bar.ts';

export class SharedMemory implements SharedPages {
  readonly pages: number;
  private readonly doorbells = new Map<number, DoorbellPage>();
  private readonly onChange: () => void;

  /** @param onChange  runs when a page leads elsewhere than before. */
  constructor(pages: number, onChange: () => void) {
    this.pages = pages;
    this.onChange = onChange;
  }

  get bar(): Bar {
    const size = this.pages * PAGE_BYTES;
    return { index: virtioPciLayout.SHARED_BAR, size, is64: true, prefetchable: true };
  }

  /** @throws RangeError when there is no such page. */
  map(page: number, doorbell: DoorbellPage): void {
    if (!(page >= 0 && page < this.pages)) {
      throw new RangeError(`A shared memory region of ${this.pages} pages has no page ${page}.`);
    }
    this.doorbells.set(page, doorbell);
    this.onChange();
  }

  unmap(page: number): void {
    if (this.doorbells.delete(page)) {
      this.onChange();
    }
  }

  /** The pages that lead somewhere, in order. */
  mapped(): readonly (readonly [number, DoorbellPage])[] {
    return [...this.doorbells].sort(([a], [b]) => a - b);
  }
}
