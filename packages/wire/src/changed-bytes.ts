/**
 * Which bytes of a stretch of memory were changed: one bit each, and a list of the words of bits
 * that are not zero. Nothing is allocated when a change is marked.
 */
export class ChangedBytes {
  /** Bit b of word w is byte 32 w + b. */
  private readonly bits: Uint32Array;
  /** Indices of the words with a bit set, in the order in which they got it. */
  private readonly touched: Uint32Array;
  private count = 0;

  constructor(bytes: number) {
    this.bits = new Uint32Array(Math.ceil(bytes / 32));
    this.touched = new Uint32Array(this.bits.length);
  }

  get any(): boolean {
    return this.count > 0;
  }

  /** `length` is 2 or 4, and `offset` a multiple of it: within one word. */
  markAligned(offset: number, length: number): void {
    this.set(offset >>> 5, (length === 2 ? 3 : 15) << (offset & 31));
  }

  mark(offset: number, length: number): void {
    for (let at = offset, end = offset + length; at < end;) {
      const stop = Math.min(end, (at | 31) + 1);
      // A shift by 32 would be one by 0.
      this.set(at >>> 5, (0xffffffff >>> (32 - (stop - at))) << (at & 31));
      at = stop;
    }
  }

  private set(word: number, mask: number): void {
    if (this.bits[word] === 0) {
      this.touched[this.count++] = word;
    }
    this.bits[word] |= mask;
  }

  /** Calls with each run of changed bytes, from the lowest offset on, and forgets them all. */
  take(run: (offset: number, length: number) => void): void {
    const words = this.touched.subarray(0, this.count).sort();
    let start = -1;
    let end = -1;
    for (const word of words) {
      let left = this.bits[word];
      this.bits[word] = 0;
      while (left !== 0) {
        const low = 31 - Math.clz32(left & -left);
        const ones = trailingOnes(left >>> low);
        const at = 32 * word + low;
        if (at !== end) {
          emit(run, start, end);
          start = at;
        }
        end = at + ones;
        left = ones === 32 ? 0 : left & ~((0xffffffff >>> (32 - ones)) << low);
      }
    }
    emit(run, start, end);
    this.count = 0;
  }

  clear(): void {
    this.take(() => {});
  }
}

function emit(run: (offset: number, length: number) => void, start: number, end: number): void {
  if (start >= 0) {
    run(start, end - start);
  }
}

function trailingOnes(word: number): number {
  const zeros = ~word;
  return zeros === 0 ? 32 : 31 - Math.clz32(zeros & -zeros);
}
