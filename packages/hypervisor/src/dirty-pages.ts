/** Which pages of a mapping were written since someone asked: one bit per page. */
import { PAGE_BYTES } from '@doorbell/abi';

export class DirtyPages {
  private readonly bits: Uint8Array;
  private readonly pages: number;

  /** None is dirty. */
  constructor(bytes: number) {
    this.pages = bytes / PAGE_BYTES;
    this.bits = new Uint8Array(Math.ceil(this.pages / 8));
  }

  set(page: number): void {
    this.bits[page >> 3] = this.bits[page >> 3] | (1 << (page & 7));
  }

  setAll(): void {
    for (let page = 0; page < this.pages; page++) {
      this.set(page);
    }
  }

  clear(): void {
    this.bits.fill(0);
  }

  /** Adds its bits to a bitmap, from bit `at` on; bit n is bit n % 8 of byte n / 8. */
  addTo(bitmap: Uint8Array, at: number): void {
    for (let page = 0; page < this.pages; page++) {
      if ((this.bits[page >> 3] & (1 << (page & 7))) !== 0) {
        const bit = at + page;
        bitmap[bit >> 3] = bitmap[bit >> 3] | (1 << (bit & 7));
      }
    }
  }
}
