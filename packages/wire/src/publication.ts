/** What a publication will carry: ranges are added, and their bytes put in where they belong. */
import { MAX_RANGES } from './limits.ts';
import type { Ranges } from './ranges.ts';
import { WireError } from './wire-error.ts';

export class Publication {
  private addresses = new Float64Array(64);
  private lengths = new Uint32Array(64);
  private data = new Uint8Array(4096);
  private count = 0;
  private total = 0;

  /** Adds a range; gives where its bytes go. @throws WireError when there are too many. */
  add(address: number, length: number): Uint8Array {
    if (this.count === MAX_RANGES) {
      throw new WireError(`One publication carries at most ${MAX_RANGES} ranges.`);
    }
    this.reserve(length);
    this.addresses[this.count] = address;
    this.lengths[this.count++] = length;
    this.total += length;
    return this.data.subarray(this.total - length, this.total);
  }

  /** What was added, until the next `add`; the publication is then empty. */
  take(): Ranges {
    const { count, addresses, lengths } = this;
    const data = this.data.subarray(0, this.total);
    this.count = 0;
    this.total = 0;
    return { count, addresses, lengths, data };
  }

  private reserve(length: number): void {
    if (this.count === this.addresses.length) {
      this.addresses = grown(this.addresses, new Float64Array(2 * this.count));
      this.lengths = grown(this.lengths, new Uint32Array(2 * this.count));
    }
    if (this.total + length > this.data.length) {
      this.data = grown(this.data, new Uint8Array(2 * (this.total + length)));
    }
  }
}

function grown<A extends Float64Array | Uint32Array | Uint8Array>(old: A, larger: A): A {
  larger.set(old);
  return larger;
}
